def received_after_close(text: str) -> int:
    return 0

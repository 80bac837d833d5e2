# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Running functions in parallel."""

from collections import abc
import queue
import threading
import typing

_Item = typing.TypeVar('_Item', bound=abc.Hashable)
_Result = typing.TypeVar('_Result')


def run_parallel(*functions: abc.Callable[[], _Result]) -> list[_Result]:
    """Call functions at the same time, and wait until all have ended.

    The threads are daemons: a Ctrl-C ends the wait at once. The operations on
    which they block end with the run's processes.

    :returns: their results, in order
    :raises: the error of the first function (in order) that failed, after
        all have ended
    """
    results: dict[int, _Result] = {}
    errors: dict[int, BaseException] = {}

    def call(number: int, function: abc.Callable[[], _Result]) -> None:
        try:
            results[number] = function()
        except BaseException as exc:
            errors[number] = exc

    threads = [threading.Thread(target=call, args=item, daemon=True)
               for item in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [results[number] for number in range(len(functions))]


def map_parallel(function: abc.Callable[[_Item], _Result],
                 items: abc.Iterable[_Item], *, threads: int
                 ) -> dict[_Item, _Result]:
    """Call a function with each item, in a limited number of threads.

    :returns: {item: result}
    :raises: the error of the first thread that failed, after all have ended
    """
    todo: queue.SimpleQueue[_Item] = queue.SimpleQueue()
    for item in items:
        todo.put(item)
    results: dict[_Item, _Result] = {}

    def work() -> None:
        while True:
            try:
                item = todo.get_nowait()
            except queue.Empty:
                return
            results[item] = function(item)
    run_parallel(*[work] * min(threads, todo.qsize()))
    return results

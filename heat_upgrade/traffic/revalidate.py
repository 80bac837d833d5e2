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

"""Validates a saved history again, without its cloud."""

import json
import pathlib

from heat_upgrade import errors
from heat_upgrade.ledger import event_log
from heat_upgrade.traffic import generator
from heat_upgrade.traffic import history
from heat_upgrade.traffic import validator


def rejudge(run_dir: str | pathlib.Path) -> list[validator.Violation]:
    """Return the violations that the current model finds in a run.

    :param run_dir: the run directory, with history.jsonl; if the run was
        interrupted, ledger.jsonl and final.json are missing, and the rules
        that need them are not checked
    :raises: errors.UsageError if the history is missing, or if one of the
        files is damaged
    """
    calls = history.read(run_dir)
    return validator.validate(calls, ledger_events(run_dir), final(run_dir))


def ledger_events(run_dir: str | pathlib.Path
                  ) -> list[event_log.Event] | None:
    """Return the ledger's events of a run, None without a ledger."""
    path = pathlib.Path(run_dir) / generator.LEDGER_FILE
    try:
        lines = history.read_lines(path)
    except FileNotFoundError:
        return None
    events = []
    for number, line in enumerate(lines, 1):
        try:
            events.append(event_log.from_json(line))
        except TypeError as exc:
            raise errors.UsageError(
                f'line {number} of {path} is damaged: {exc}') from exc
    return events


def final(run_dir: str | pathlib.Path) -> validator.Final | None:
    """Return the final state of each stack, None for an interrupted run."""
    path = pathlib.Path(run_dir) / generator.FINAL_FILE
    try:
        return dict(json.loads(path.read_text())['stacks'])
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as exc:
        raise errors.UsageError(
            f'{path} is damaged: expected an object with "stacks": '
            f'{exc!r}') from exc

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

"""Configuration: options that are gone, narrowed, or mean something else.

Without files of an operator's own it compares what the two releases define;
with them, it tells what of these files the target does not take.
"""

import dataclasses

from heat_upgrade import beside
from heat_upgrade.checks.config import advising
from heat_upgrade.checks.config import commands
from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import history as histories
from heat_upgrade.checks.config import ini
from heat_upgrade.checks.config import notes
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import policies
from heat_upgrade.checks.config import referred
from heat_upgrade.checks.config import telling
from heat_upgrade.checks.config import usage
from heat_upgrade.checks import reading

READINGS = ('config_options',)


def check(base, target, context):
    """Return what of a configuration of the base the target does not take.

    :param base: :class:`heat_upgrade.checks.contract.Subject`
    :param target: likewise
    :param context: :class:`heat_upgrade.checks.contract.Context`; with
        configuration files asked for, only what touches these
    :returns: list of :class:`heat_upgrade.findings.Finding`
    :raises: :class:`heat_upgrade.errors.UsageError` for an operator's file
        that cannot be read
    """
    return _result(base, target, context).findings


def advice(base, target, context):
    """Return what to change in an operator's files, as Markdown.

    Takes and raises the same as :func:`check`; changes no file, and shows no
    secret.
    """
    result = _result(base, target, context)
    return advising.text(result.findings, result.lines, result.history,
                         result.files, result.defaults)


@dataclasses.dataclass(frozen=True)
class _Result:
    """What came out, for :func:`check` and :func:`advice`."""

    findings: list
    history: histories.History
    files: tuple = ()
    lines: tuple = ()
    defaults: tuple = ()


def _result(base, target, context):
    asked = context.asked
    files = ini.files(asked)
    # Before anything is read: a wrong file is said at once.
    settings = ini.settings(asked)
    found = referred.files(settings, files) if files else None
    readings = reading.both(base, target, lambda subject: reading.read(
        subject, 'config_options', context))
    sources = beside.run(lambda: notes.of(base), lambda: notes.of(target))
    history = histories.History(base.name, target.name, *sources)
    known = [options.of_reading(read, place.sample)
             for read, place in zip(readings, sources)]
    failed = readings[1]['failed']
    changes = comparison.changes(options.without(known[0], failed), known[1])
    json = policies.json_fallback(found, *(read['policy_json']
                                           for read in readings), history)
    if not files:
        return _Result(
            telling.unknown(failed, history)
            + telling.findings(comparison.folded(changes), history,
                               usage.only_new(*known))
            + json + commands.findings(*(read['commands']
                                         for read in readings), history)
            + _shipped(base, target, context, history), history)
    answers, said = _asked(base, target, context, files, settings, found)
    return _Result(
        telling.unknown(failed, history)
        + usage.findings(settings, answers, changes, history, known)
        + json + referred.findings(found, said, history),
        history, tuple(files),
        (*advising.lines(settings, answers, changes, history, known),
         *(policies.lines(found, *(answer['config_policy']
                                   for answer in said), history)
           if found.rules else ())),
        tuple(change for change in changes
              if change.kind == comparison.DEFAULT and usage.touched(
                  change, settings, known[0]) is not None))


def _asked(base, target, context, files, settings, found):
    """Let both releases look at an operator's files.

    :returns: (answers of ``config_values`` of both, {program: answer} of
        both for the other files)
    """
    requests = [
        reading.Request('config_values', {
            'settings': [[*setting.key, setting.value]
                         for setting in settings],
            'files': [str(path) for path in files], 'dirs': []},
            kept=False, about=', '.join(str(path) for path in files)),
        *referred.requests(found)]
    both = reading.both(base, target, lambda subject: reading.read_all(
        subject, requests, context))
    return ([answers[0] for answers in both],
            [{request.program: answer for request, answer
              in zip(requests[1:], answers[1:])} for answers in both])


def _shipped(base, target, context, history):
    """Return what the target does not load of the base's api-paste.ini.

    It is a configuration file: an upgrade leaves it as it is.
    """
    path = base.environment.path / 'etc' / 'heat' / 'api-paste.ini'
    if not path.is_file():
        return []
    said = reading.read(target, 'config_paste', context, given=str(path))
    return referred.paste(path, None, said, history)

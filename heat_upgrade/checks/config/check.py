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

from heat_upgrade.checks.config import commands
from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import operator_settings
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import policies
from heat_upgrade.checks.config import referenced_files
from heat_upgrade.checks.config import release_notes
from heat_upgrade.checks.config import remediation
from heat_upgrade.checks.config import reporting
from heat_upgrade.checks import introspection
from heat_upgrade import concurrency

READINGS = ('config_options',)


def check(base, target, context):
    """Return what of a configuration of the base the target does not take.

    :param base: :class:`heat_upgrade.checks.check_context.InstalledRelease`
    :param target: likewise
    :param context: :class:`heat_upgrade.checks.check_context.Context`; with
        configuration files asked for, only what touches these
    :returns: list of :class:`heat_upgrade.results.findings.Finding`
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
    return remediation.text(result.findings, result.lines, result.history,
                            result.files, result.defaults)


@dataclasses.dataclass(frozen=True)
class _Result:
    """What came out, for :func:`check` and :func:`advice`."""

    findings: list
    history: deprecations.History
    files: tuple = ()
    lines: tuple = ()
    defaults: tuple = ()


def _result(base, target, context):
    asked = context.asked
    files = config_files.files(asked)
    # Before anything is read: a wrong file is said at once.
    settings = config_files.settings(asked)
    found = referenced_files.files(settings, files) if files else None
    readings = introspection.both(
        base,
        target,
        lambda subject: introspection.read(subject, 'config_options', context),
    )
    sources = concurrency.run_parallel(
        lambda: release_notes.of(base), lambda: release_notes.of(target)
    )
    history = deprecations.History(base.name, target.name, *sources)
    known = [options.of_reading(read, place.sample)
             for read, place in zip(readings, sources)]
    failed = readings[1]['failed']
    changes = comparison.changes(options.without(known[0], failed), known[1])
    json = policies.json_fallback(found, *(read['policy_json']
                                           for read in readings), history)
    if not files:
        return _Result(
            reporting.unknown(failed, history)
            + reporting.findings(comparison.folded(changes), history,
                                 operator_settings.only_new(*known))
            + json + commands.findings(*(read['commands']
                                         for read in readings), history)
            + _shipped(base, target, context, history), history)
    answers, said = _asked(base, target, context, files, settings, found)
    return _Result(
        reporting.unknown(failed, history)
        + operator_settings.findings(
            settings, answers, changes, history, known
        )
        + json
        + referenced_files.findings(found, said, history),
        history,
        tuple(files),
        (
            *remediation.lines(settings, answers, changes, history, known),
            *(
                policies.lines(
                    found,
                    *(answer['config_policy'] for answer in said),
                    history
                )
                if found.rules
                else ()
            ),
        ),
        tuple(
            change
            for change in changes
            if change.kind == comparison.DEFAULT
            and operator_settings.touched(change, settings, known[0])
            is not None
        ),
    )


def _asked(base, target, context, files, settings, found):
    """Let both releases look at an operator's files.

    :returns: (answers of ``config_values`` of both, {program: answer} of
        both for the other files)
    """
    requests = [
        introspection.Request('config_values', {
            'settings': [[*setting.key, setting.value]
                         for setting in settings],
            'files': [str(path) for path in files], 'dirs': []},
            kept=False, about=', '.join(str(path) for path in files)),
        *referenced_files.requests(found)]
    both = introspection.both(
        base,
        target,
        lambda subject: introspection.read_all(subject, requests, context),
    )
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
    said = introspection.read(target, 'config_paste', context, given=str(path))
    return referenced_files.paste(path, None, said, history)

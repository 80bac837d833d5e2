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

"""The check ``config``: options, commands and files of a configuration.

Without an operator's files it compares the options of the two releases. With
them, it reports only the parts of these files that the target does not
accept.
"""

import dataclasses
import pathlib

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import commands
from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import conflicts
from heat_upgrade.checks.config import deployments
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import installation
from heat_upgrade.checks.config import operator_settings
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import policies
from heat_upgrade.checks.config import recognition
from heat_upgrade.checks.config import referenced_files
from heat_upgrade.checks.config import release_notes
from heat_upgrade.checks.config import remediation
from heat_upgrade.checks.config import reporting
from heat_upgrade.checks.config import startup
from heat_upgrade.checks import introspection
from heat_upgrade.checks.resources import check as resources
from heat_upgrade import concurrency
from heat_upgrade.results import findings as results

READINGS = ('config_options',)


def check(base: check_context.InstalledRelease,
          target: check_context.InstalledRelease,
          context: check_context.Context) -> list[results.Finding]:
    """Return the findings of a configuration.

    :param context: if it has configuration files, only findings that affect
        these are returned
    :raises: :class:`heat_upgrade.errors.UsageError` if an operator's file
        cannot be read
    """
    return _result(base, target, context).findings


def advice(base: check_context.InstalledRelease,
           target: check_context.InstalledRelease,
           context: check_context.Context) -> str:
    """Return the changes to make in an operator's files, as Markdown.

    No file is changed, and no secret is shown.

    :raises: as :func:`check`
    """
    result = _result(base, target, context)
    return remediation.text(result.findings, result.lines, result.history,
                            result.files, result.defaults)


@dataclasses.dataclass(frozen=True)
class _Result:
    """The result of the check, for :func:`check` and :func:`advice`."""

    findings: list[results.Finding]
    history: deprecations.History
    files: tuple[pathlib.Path, ...] = ()
    lines: tuple[remediation.Line, ...] = ()
    defaults: tuple[comparison.Change, ...] = ()


def _result(base: check_context.InstalledRelease,
            target: check_context.InstalledRelease,
            context: check_context.Context) -> _Result:
    inputs = context.operator_inputs
    # Read the files first: an invalid file is then reported at once.
    old = _OwnFiles.of(inputs)
    new = _OwnFiles.of(dataclasses.replace(
        inputs, config_files=inputs.target_config_files, config_dirs=())
    ) if inputs.target_config_files else old
    files, settings, referenced = new.files, new.settings, new.referenced
    recognition.refuse_empty(files)
    readings = introspection.both(
        base,
        target,
        lambda subject: introspection.read(subject, 'config_options', context),
    )
    sources = concurrency.run_parallel(
        lambda: release_notes.of(base), lambda: release_notes.of(target)
    )
    history = deprecations.History(base.name, target.name, *sources)
    known = (options.of_reading(readings[0], sources[0].sample),
             options.of_reading(readings[1], sources[1].sample))
    recognition.refuse_foreign(settings, *known)
    failed = readings[1]['failed']
    changes = comparison.changes(options.without(known[0], failed), known[1])
    failures = reporting.unknown(failed, history)
    removed = commands.findings(readings[0]['commands'],
                                readings[1]['commands'], history,
                                installed=referenced is not None)
    json = policies.json_fallback(referenced, readings[0]['policy_json'],
                                  readings[1]['policy_json'], history)
    if referenced is None:
        return _Result(
            failures
            + reporting.findings(comparison.folded(changes), history,
                                 operator_settings.only_new(*known))
            + json
            + removed
            + _shipped(base, target, context, history), history)
    for option, path in referenced.checked:
        context.progress(f'checked for {option}: {path}')
    for option, value in referenced.missing:
        context.progress(f'not found for {option}: {value}')
    values, answers = _answers(base, target, context, old, new)
    lines = remediation.lines(settings, values, changes, history, known)
    if referenced.rules:
        lines += policies.lines(
            referenced, answers[0]['config_policy'],
            answers[1]['config_policy'], history)
    return _Result(
        failures
        + removed
        + installation.findings(base, target, history)
        + startup.findings(
            answers[0][startup.PROGRAM], answers[1][startup.PROGRAM],
            settings, history,
            lambda setting: operator_settings.masked(setting, known),
            config_files.sections(files))
        + operator_settings.findings(
            settings, values, changes, history, known
        )
        + conflicts.findings(
            conflicts.conflicts(settings, known[1]), known[0], history,
            lambda setting: operator_settings.where(setting, known))
        + deployments.queue_manager(settings, known[1],
                                    readings[1]['commands'], history)
        + _differences(old, new, known, history)
        + json
        + ([] if referenced.paste
           else _shipped(base, target, context, history))
        + referenced_files.findings(referenced, answers, history)
        + ([] if 'resources' in context.checks
           else resources.engine_findings(base, target, context)),
        history,
        (*files, *(path for _, path in referenced.checked)),
        tuple(lines),
        tuple(
            change
            for change in changes
            if change.kind == comparison.DEFAULT
            and operator_settings.touched(change, settings, known[0])
            is not None
        ),
    )


@dataclasses.dataclass(frozen=True)
class _OwnFiles:
    """The files of one configuration.

    :ivar referenced: the files that they name; None without any file
    """

    files: list[pathlib.Path]
    settings: list[config_files.Setting]
    referenced: referenced_files.Files | None

    @classmethod
    def of(cls, inputs: check_context.OperatorInputs) -> '_OwnFiles':
        files = config_files.files(inputs)
        settings = config_files.settings(inputs)
        return cls(files, settings, referenced_files.files(
            settings, files, inputs.roots) if files else None)


def _differences(old: _OwnFiles, new: _OwnFiles,
                 known: operator_settings.Known,
                 history: deprecations.History) -> list[results.Finding]:
    """Return the differences between two configurations of an operator."""
    if old is new:
        return []
    return [
        *deployments.findings(old.settings, new.settings, known, history),
        *deployments.policy_findings(
            old.referenced.rules if old.referenced else (),
            new.referenced.rules if new.referenced else (), history),
        *deployments.file_findings(
            old.settings, old.referenced or referenced_files.Files(),
            new.settings, new.referenced or referenced_files.Files())]


def _answers(
    base: check_context.InstalledRelease,
    target: check_context.InstalledRelease,
    context: check_context.Context,
    old: _OwnFiles,
    new: _OwnFiles,
) -> tuple[list[list[operator_settings.Answer]],
           list[dict[str, referenced_files.Answer]]]:
    """Let both releases read an operator's files.

    Both read the new files, so that their answers can be compared; each sets
    up its services with its own files.

    :returns: (answers of ``config_values``, {program: answer} for the
        referenced files), each for the base and the target
    """
    assert new.referenced is not None
    names = [str(path) for path in new.files]
    common = [
        introspection.Request('config_values', {
            'settings': [[*setting.key, setting.value]
                         for setting in new.settings],
            'files': names, 'dirs': []},
            kept=False, about=', '.join(names)),
        *referenced_files.requests(new.referenced)]
    requests = [[*common, startup.request(
        own.files, own.settings, own.referenced or referenced_files.Files())]
        for own in (old, new)]
    both = introspection.both(
        base,
        target,
        lambda subject: introspection.read_all(
            subject, requests[subject is target], context),
    )
    programs = [request.program for request in requests[1]][1:]
    return ([answers[0] for answers in both],
            [dict(zip(programs, answers[1:])) for answers in both])


def _shipped(base: check_context.InstalledRelease,
             target: check_context.InstalledRelease,
             context: check_context.Context,
             history: deprecations.History) -> list[results.Finding]:
    """Return the findings of the base's own api-paste.ini in the target.

    It is a configuration file, so an upgrade does not replace it.
    """
    path = base.environment.path / 'etc' / 'heat' / 'api-paste.ini'
    if not path.is_file():
        return []
    answer = introspection.read(target, 'config_paste', context,
                                argument=referenced_files.paste_argument(path))
    return referenced_files.paste(path, None, answer, history)

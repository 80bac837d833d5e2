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

"""heat-upgrade check."""

import argparse
from collections import abc
import os
import pathlib
import shutil
import sys
import tempfile

from cliff import lister

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import check
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks import introspection
from heat_upgrade.checks import registry
from heat_upgrade.cli import operator_files
from heat_upgrade.cli import options
from heat_upgrade import errors
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.judgement import judge
from heat_upgrade.judgement import known_failures
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.report import headline
from heat_upgrade.results import findings
from heat_upgrade.results import grouping

ALL = 'all'
COLUMNS = ('Severity', 'Check', 'Class', 'Finding', 'Known')
# Additional columns in the machine-readable formats (all but table).
MORE = ('Rule', 'Subject', 'Impact', 'Remedy')
EVIDENCE = 'Evidence'

Table = tuple[tuple[str, ...], list[tuple[object, ...]]]


class Check(lister.Lister):
    """Compare two releases of Heat without starting them.

    Exit status: 0 no finding makes the upgrade unsafe; 1 at least one does; 2
    usage error; 3 no such finding, but a check could not be completed; 130
    interrupted.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            'check', nargs='?', choices=(*registry.NAMES, ALL), default=ALL,
            help='check to run (default: all)')
        options.add_releases(parser)
        options.add_operator_files(parser)
        options.add_runs(parser)
        parser.add_argument(
            '--long', action='store_true',
            help='add the evidence and the remedy of each finding')
        parser.add_argument(
            '--write-report', metavar='FILE', type=pathlib.Path,
            help='write the necessary change of each line of the '
                 'configuration files; refuses to overwrite an existing file')
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Show the findings; returns the exit status."""
        super().run(parsed_args)
        return self._status

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        _check_arguments(parsed_args)
        # Files that are missing or invalid are refused before any work.
        asked = options.operator_inputs(parsed_args)
        config_files.settings(asked)
        base, target = options.base_and_target(parsed_args.base,
                                               parsed_args.target)
        entries = known_failures.load(parsed_args.known_failures)
        names = (registry.NAMES if parsed_args.check == ALL
                 else (parsed_args.check,))
        found = _check(names, base, target, parsed_args, asked)
        judged = _judged(
            found, entries, base, target,
            lambda reference: _check(names, base, reference, parsed_args,
                                     asked, is_reference=True))
        self._status = _status(judged)
        _print_counts(judged, operator_files.checked(names, asked))
        groups = grouping.groups(judged, whole=True)
        if parsed_args.formatter != 'table':
            return (*COLUMNS, *MORE, EVIDENCE), [
                (*_row(group, finding.title), finding.rule, finding.subject,
                 finding.impact, finding.remedy, finding.evidence)
                for group in groups for finding in group.findings]
        if parsed_args.long:
            return (*COLUMNS, EVIDENCE), [
                (*_row(group), _evidence(group)) for group in groups]
        return COLUMNS, [_row(group) for group in groups]


def _status(judged: list[findings.Finding]) -> int:
    """Return the exit status of judged findings."""
    if any(finding.counts for finding in judged):
        return 1
    if any(_is_broken(finding) for finding in judged):
        return errors.LabError.exit_status
    return 0


def _is_broken(finding: findings.Finding) -> bool:
    """Return True if a finding is about a check that did not complete."""
    return (finding.origin, finding.severity) == (findings.LAB,
                                                  findings.ERROR)


def _check_arguments(parsed_args: argparse.Namespace) -> None:
    """Refuse options that would be of no use after minutes of work."""
    if parsed_args.target_config_file and not (
            parsed_args.config_file or parsed_args.config_dir):
        raise errors.UsageError('--target-config-file needs the present '
                                'configuration: name it with --config-file '
                                'or --config-dir')
    path = parsed_args.write_report
    if path is None:
        return
    if not (parsed_args.config_file or parsed_args.config_dir):
        raise errors.UsageError('--write-report needs configuration files: '
                                'name them with --config-file or '
                                '--config-dir')
    if path.exists():
        raise errors.UsageError(f'{path} already exists; name another file, '
                                'or remove it')
    if not os.access(path.absolute().parent, os.W_OK):
        raise errors.UsageError(f'{path} cannot be written')


def _judged(
        found: list[findings.Finding], entries: list[known_failures.Entry],
        base: releases.Release, target: releases.Release,
        look: abc.Callable[[releases.Release], list[findings.Finding]]
        ) -> list[findings.Finding]:
    """Return the findings, with known failures marked as known.

    An unreleased target is excused only for findings that its reference, a
    published release, has too. The reference is checked only if that matters.

    :param look: function that runs the same checks against another target
    """
    reference = releases.reference(target)
    released = releases.is_released(target)
    judged = judge.of_checks(found, entries, released=True, base=base.version,
                             reference=reference.version)
    if released or not any(finding.known for finding in judged):
        return judged
    _print(f'checking {reference.version}, the reference for {target.name}')
    return judge.of_checks(
        found, entries, released=False, base=base.version,
        reference=reference.version,
        shown={finding.identity for finding in look(reference)})


def _row(group: grouping.Group, title: str | None = None
         ) -> tuple[object, ...]:
    first = group.first
    return (first.severity, first.step.removeprefix(check_context.STEP),
            first.failure_class and int(first.failure_class),
            title or group.title,
            'known' if first.origin == findings.KNOWN else '')


def _evidence(group: grouping.Group) -> str:
    """Return the evidence and the remedies of a group."""
    return '\n\n'.join('\n'.join(filter(None, [
        finding.title if len(group.findings) > 1 else '', finding.evidence,
        f'Remedy: {finding.remedy}'])) for finding in group.findings)


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print_counts(judged: list[findings.Finding],
                  checked: abc.Collection[pathlib.Path]) -> None:
    """Print the numbers of findings, the operator's own files first.

    :param checked: files and directories of the operator
    """
    known = sum(finding.origin == findings.KNOWN for finding in judged)
    unsafe = sum(finding.counts for finding in judged)
    broken = sum(map(_is_broken, judged))
    breaking = [finding for finding in judged
                if finding.own_files and finding.counts]
    for line in _own_files(breaking):
        _print(line)
    if checked and not breaking and not broken:
        _print(f'your files were checked: {_numbers(checked)}, nothing '
               'breaks')
    _print(f'{unsafe} make the upgrade unsafe, '
           f'{len(judged) - unsafe - known - broken} to know, {known} known')
    if broken:
        _print(f'{broken} could not be checked')


def _numbers(paths: abc.Collection[pathlib.Path]) -> str:
    """Return the numbers of files and directories as text."""
    directories = sum(path.is_dir() for path in paths)
    files = len(paths) - directories
    noun = 'directory' if directories == 1 else 'directories'
    return ' and '.join(
        ([headline.number(files, 'file')] if files else [])
        + ([f'{directories} {noun}'] if directories else []))


def _own_files(breaking: list[findings.Finding]) -> abc.Iterator[str]:
    """Return the lines that count the operator's files that break.

    :param breaking: findings that count and affect the operator's files
    """
    templates = {label for finding in breaking
                 for label in finding.facts.get('templates', ())}
    if templates:
        yield (f'{len(templates)} of your templates '
               f'{"breaks" if len(templates) == 1 else "break"}')
    places = sum('templates' not in finding.facts for finding in breaking)
    if places:
        yield (f'your configuration files break in {places} '
               f'{"place" if places == 1 else "places"}')


def _check(names: abc.Sequence[str], base: releases.Release,
           target: releases.Release, parsed_args: argparse.Namespace,
           asked: check_context.OperatorInputs, *,
           is_reference: bool = False) -> list[findings.Finding]:
    """Install both releases, and return the findings of the checks.

    :param is_reference: True if the target stands in for the requested one
    """
    # The logs are kept only if this tool failed: they explain that alone.
    run_dir = pathlib.Path(tempfile.mkdtemp(prefix='heat-upgrade-check-'))
    try:
        with workspaces.Workspace(run_dir) as workspace:
            installed = environments.ensure_all(
                [environments.heat(
                    base, constraints=parsed_args.base_constraints),
                 environments.heat(
                     target, constraints=(
                         None if is_reference else parsed_args.constraints))],
                log_dir=workspace.logs, marker=workspace.marker,
                progress=_print)
            subjects = (
                check_context.InstalledRelease(base, installed[0]),
                check_context.InstalledRelease(target, installed[1]))
            context = check_context.Context(workspace, asked, _print)
            found: list[findings.Finding] = registry.run(
                names, *subjects, context)
            if parsed_args.write_report and not is_reference:
                parsed_args.write_report.write_text(
                    check.advice(*subjects, context))
        introspection.prune()
    except errors.LabError:
        raise
    except BaseException:
        shutil.rmtree(run_dir, ignore_errors=True)
        raise
    if any(_is_broken(finding) for finding in found):
        _print(f'the logs are in {run_dir}')
    else:
        shutil.rmtree(run_dir, ignore_errors=True)
    return found

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

import os
import pathlib
import shutil
import sys
import tempfile

from cliff import lister

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import check
from heat_upgrade.checks import introspection
from heat_upgrade.checks import registry
from heat_upgrade.cli import options
from heat_upgrade import errors
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.judgement import judge
from heat_upgrade.judgement import known_failures
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.results import findings
from heat_upgrade.results import grouping

ALL = 'all'
COLUMNS = ('Severity', 'Check', 'Class', 'Finding', 'Known')
# Further columns, for programs: the formats other than table.
MORE = ('Rule', 'Subject', 'Impact', 'Remedy')
EVIDENCE = 'Evidence'


class Check(lister.Lister):
    """Compare two releases of Heat before anything is started.

    Exit status: 0 nothing makes the upgrade unsafe, 1 something does, 2
    usage error, 3 nothing does, but a check could not compare the releases,
    130 interrupted.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'check', nargs='?', choices=(*registry.NAMES, ALL), default=ALL,
            help='what to compare (default: all)')
        options.add_releases(parser)
        options.add_operator_files(parser)
        options.add_runs(parser)
        parser.add_argument(
            '--long', action='store_true',
            help='with the evidence, and what to do')
        parser.add_argument(
            '--write-report', metavar='FILE', type=pathlib.Path,
            help='write which lines of the configuration files to change, '
                 'and into what; a file that is there is not overwritten')
        return parser

    def run(self, parsed_args):
        """Show the findings; returns the exit status."""
        super().run(parsed_args)
        return self._status

    def take_action(self, parsed_args):
        _check_arguments(parsed_args)
        base, target = options.base_and_target(parsed_args.base,
                                               parsed_args.target)
        entries = known_failures.load(parsed_args.known_failures)
        names = (registry.NAMES if parsed_args.check == ALL
                 else (parsed_args.check,))
        found = _found(names, base, target, parsed_args)
        judged = _judged(
            found, entries, base, target,
            lambda reference: _found(names, base, reference, parsed_args,
                                     is_reference=True))
        self._status = _status(judged)
        _say_how_many(judged)
        groups = grouping.groups(judged, whole=True)
        if parsed_args.formatter != 'table':
            return (*COLUMNS, *MORE, EVIDENCE), [
                (*_row(group, one.title), one.rule, one.subject, one.impact,
                 one.remedy, one.evidence)
                for group in groups for one in group.findings]
        if parsed_args.long:
            return (*COLUMNS, EVIDENCE), [
                (*_row(group), _told(group)) for group in groups]
        return COLUMNS, list(map(_row, groups))


def _status(judged):
    """Return the exit status of judged findings."""
    if any(one.counts for one in judged):
        return 1
    if any(_is_broken(one) for one in judged):
        return errors.LabError.exit_status
    return 0


def _is_broken(one):
    """Return True if a finding says that a check could not be done."""
    return (one.origin, one.severity) == (findings.LAB, findings.ERROR)


def _check_arguments(parsed_args):
    """Refuse what could not be written after minutes of work."""
    place = parsed_args.write_report
    if place is None:
        return
    if not (parsed_args.config_file or parsed_args.config_dir):
        raise errors.UsageError('--write-report is about configuration '
                                'files: name them with --config-file or '
                                '--config-dir')
    if place.exists():
        raise errors.UsageError(f'{place} is there already; name another '
                                'file, or remove it')
    if not os.access(place.absolute().parent, os.W_OK):
        raise errors.UsageError(f'{place} cannot be written')


def _judged(found, entries, base, target, look):
    """Return findings, those that a known failure excuses as known ones.

    An unreleased target is excused only for what its reference shows too: a
    released version, which is checked as well if that makes a difference.

    :param look: function of a release that returns what the same checks find
        of it as the target
    """
    reference = releases.reference(target)
    released = releases.is_released(target)
    given = {'base': base.version, 'reference': reference.version}
    judged = judge.of_checks(found, entries, released=True, **given)
    if released or not any(one.known for one in judged):
        return judged
    _say(f'checking {reference.version}, by which {target.name} is measured')
    return judge.of_checks(
        found, entries, released=False, **given,
        shown={one.identity for one in look(reference)})


def _row(group, title=None):
    one = group.first
    return (one.severity, one.step.removeprefix(check_context.STEP),
            one.failure_class and int(one.failure_class),
            title or group.title,
            'known' if one.origin == findings.KNOWN else '')


def _told(group):
    """Return the evidence of a group, and what to do."""
    return '\n\n'.join('\n'.join(filter(None, [
        one.title if len(group.findings) > 1 else '', one.evidence,
        f'Remedy: {one.remedy}'])) for one in group.findings)


def _say(line):
    print(line, file=sys.stderr, flush=True)


def _say_how_many(judged):
    known_ones = sum(one.origin == findings.KNOWN for one in judged)
    wrong = sum(one.counts for one in judged)
    broken = sum(map(_is_broken, judged))
    for line in _of_own_files([one for one in judged
                               if one.own_files and one.counts]):
        _say(line)
    _say(f'{wrong} make the upgrade unsafe, '
         f'{len(judged) - wrong - known_ones - broken} to know, '
         f'{known_ones} known')
    if broken:
        _say(f'{broken} could not be checked')


def _of_own_files(breaking):
    """Return the lines that say how many of the operator's files break.

    :param breaking: findings that count and are about the operator's files
    """
    templates = {label for one in breaking
                 for label in one.facts.get('templates', ())}
    if templates:
        yield (f'{len(templates)} of your templates '
               f'{"breaks" if len(templates) == 1 else "break"}')
    places = sum('templates' not in one.facts for one in breaking)
    if places:
        yield (f'your configuration files break in {places} '
               f'{"place" if places == 1 else "places"}')


def _found(names, base, target, parsed_args, *, is_reference=False):
    """Install both releases, and return what the checks find.

    :param is_reference: whether the target stands in for the one asked about
    """
    # What only explains a failure of ours stays when there was one.
    place = pathlib.Path(tempfile.mkdtemp(prefix='heat-upgrade-check-'))
    try:
        with workspaces.Workspace(place) as workspace:
            installed = environments.ensure_all(
                [environments.heat(
                    base, constraints=parsed_args.base_constraints),
                 environments.heat(
                     target, constraints=(
                         None if is_reference else parsed_args.constraints))],
                log_dir=workspace.logs, marker=workspace.marker,
                progress=_say)
            subjects = [check_context.InstalledRelease(release, environment)
                        for release, environment
                        in zip((base, target), installed)]
            context = check_context.Context(
                workspace, options.asked(parsed_args), _say
            )
            found = registry.run(names, *subjects, context)
            if parsed_args.write_report and not is_reference:
                parsed_args.write_report.write_text(
                    check.advice(*subjects, context))
        introspection.prune()
    except errors.LabError:
        raise
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    if any(_is_broken(one) for one in found):
        _say(f'the logs are in {place}')
    else:
        shutil.rmtree(place, ignore_errors=True)
    return found

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

"""heat-upgrade spec check and spec template."""

import argparse
import os
import pathlib
import sys

from cliff import command

from heat_upgrade import errors
from heat_upgrade.specs import checker
from heat_upgrade.specs import commit_checker
from heat_upgrade.specs import commits
from heat_upgrade.specs import files
from heat_upgrade.specs import outline
from heat_upgrade.specs import series
from heat_upgrade.specs import template

VIOLATION = 1
UNREADABLE = errors.UsageError.exit_status


class Check(command.Command):
    """Check that specs, or commits of Heat, announce their upgrade impact.

    A spec must answer the questions of its Upgrade Impact section. A commit
    that changes a migration, an option, an RPC version, a policy or a property
    must have the line UpgradeImpact in its message, and a release note with
    the section upgrade. Prints FILE:LINE: and the missing item. Exit status: 0
    nothing is missing; 1 an item is missing; 2 usage error, or a file cannot
    be read (it is missing, not in UTF-8, or docutils cannot parse its
    structure).
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            'paths', nargs='*', metavar='FILE|DIR',
            help='a spec, or a directory of specs, whose indexes and '
                 'templates are left out')
        parser.add_argument(
            '--commit', metavar='REVISION|RANGE',
            help='check a commit of Heat (HEAD), or those of a range without '
                 'its merges (origin/master..HEAD), in place of specs')
        parser.add_argument(
            '--repository', metavar='DIR', default='.',
            help='the clone of Heat with the commits (default: the current '
                 'directory)')
        parser.add_argument(
            '--since', metavar='SERIES',
            help='exempt specs in the backlog and those of older series; the '
                 'series is the name of the directory in specs/ (2027.1, '
                 'zed)')
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Check the files; returns the exit status."""
        super().run(parsed_args)
        return self._status

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        if bool(parsed_args.paths) == bool(parsed_args.commit):
            raise errors.UsageError(
                'give either specs or --commit: heat-upgrade spec check FILE, '
                'or heat-upgrade spec check --commit HEAD')
        if parsed_args.commit:
            self._status = _check_commits(parsed_args.commit,
                                          parsed_args.repository)
        else:
            self._check_specs(parsed_args)

    def _check_specs(self, parsed_args: argparse.Namespace) -> None:
        since = (None if parsed_args.since is None
                 else series.parse(parsed_args.since))
        paths = files.find(parsed_args.paths)
        checked = [path for path in paths
                   if not (files.exempt(path, since)
                           and os.path.exists(path))]
        statuses = {path: _check(path) for path in checked}
        self._status = max(statuses.values(), default=0)
        wrong = sum(map(bool, statuses.values()))
        exempt = len(paths) - len(checked)
        print(f'specs: {len(checked)} checked, {wrong} wrong, '
              f'{exempt} exempt', file=sys.stderr)


class Template(command.Command):
    """Print the section Upgrade Impact, for a spec or a template of specs.

    The output is reStructuredText; "=" underlines the heading of the section,
    and "-" those of its questions.
    """

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        print(template.section(), end='')


def _check_commits(revision: str, repository: str) -> int:
    """Print the violations of commits; returns the exit status."""
    wrong = 0
    checked = commits.read(revision, repository, commit_checker.PATHS)
    for commit in checked:
        violations = commit_checker.check(commit)
        wrong += bool(violations)
        for violation in violations:
            print(f'{violation.path}:{violation.line}: {violation.text} '
                  f'(commit {commit.name})')
    print(f'commits: {len(checked)} checked, {wrong} wrong', file=sys.stderr)
    return VIOLATION if wrong else 0


def _check(path: pathlib.Path) -> int:
    """Print the violations of a spec; returns the exit status."""
    try:
        violations = checker.check(outline.read(path))
    except outline.Unreadable as exc:
        print(f'{path}:{exc.line}: {exc}')
        return UNREADABLE
    for violation in violations:
        print(f'{path}:{violation.line}: {violation.text}')
    return VIOLATION if violations else 0

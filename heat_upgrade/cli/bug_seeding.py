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

"""heat-upgrade faults list and faults run."""

import contextlib
import sys

from cliff import lister

from heat_upgrade.bug_seeding import catalogue
from heat_upgrade.bug_seeding import experiment
from heat_upgrade.bug_seeding import model
from heat_upgrade.cli import options
from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.report import files
from heat_upgrade.results import journal
from heat_upgrade.results import verdict

# The newest series whose Heat breaks no rule by itself: from 2026.1 on a
# deleted stack leaves snapshots behind (findings/snapshots-left-behind).
SERIES = '2025.2'


class List(lister.Lister):
    """List the bugs that can be planted, and what has to see each."""

    def take_action(self, parsed_args):
        return ('name', 'what must see it', 'the bug'), [
            (one.name, '\n'.join(one.oracles), one.sentence)
            for one in catalogue.FAULTS]


class Run(lister.Lister):
    """Plant bugs in a real cloud, and say whether the oracles see them.

    The control is all that nothing was planted in: nothing may be found
    there. Exit status: 0 all as expected, 1 something else, 2 usage error,
    3 the lab broke, 130 interrupted.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'names', nargs='*', metavar='NAME',
            help='what to plant, see heat-upgrade faults list (default: all '
                 'of it)')
        parser.add_argument(
            '--release', metavar='REL', default=SERIES,
            help='a series, a release, a git checkout, an sdist or a wheel '
                 '(default: %(default)s)')
        options.add_constraints(parser, what='the release')
        options.add_work_dir(parser)
        return parser

    def run(self, parsed_args):
        """Run it as a lister; returns the exit status."""
        self._as_expected = False
        status = super().run(parsed_args)
        return status or verdict.EXIT_STATUS[
            verdict.PASS if self._as_expected else verdict.FAIL]

    def take_action(self, parsed_args):
        faults = model.chosen(catalogue.FAULTS, parsed_args.names)
        release = releases.parse(parsed_args.release)
        run_dir = experiment.make_run_dir(
            parsed_args.work_dir, release, faults
        )
        print(f'run directory: {run_dir}', file=sys.stderr)
        try:
            results = experiment.run(release, faults, run_dir,
                                     constraints=parsed_args.constraints,
                                     listeners=[_show])
        finally:
            # Also of a trial that was cut off, if it has begun.
            with contextlib.suppress(errors.UsageError):
                files.build(run_dir)
        self._as_expected = all(one.as_expected for one in results)
        return (('fault', 'expected', 'as expected', 'found', 'seconds'),
                list(map(_row, results)))


def _row(result):
    titles = dict.fromkeys(one.title for one in result.seen)
    return (result.name, '\n'.join(result.oracles) or 'nothing',
            'yes' if result.as_expected else 'no',
            '\n'.join(titles) or 'nothing', round(result.seconds, 1))


def _show(event):
    """Say on standard error what begins."""
    if event['kind'] == journal.STEP_START:
        print(f'{event["step"]} ...', file=sys.stderr, flush=True)

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

"""A night: the same upgrade by many seeds, one after the other."""

import argparse
import datetime
import io
import json
import re

from heat_upgrade.cli import options
from heat_upgrade import errors
from heat_upgrade.report import files
from heat_upgrade.report import triage
from heat_upgrade.results import findings
from heat_upgrade.results import verdict

# Of the exit statuses of a night's runs that of the night is the first: an
# upgrade that is unsafe is unsafe, whatever else is not known.
WORST_FIRST = (verdict.EXIT_STATUS[verdict.FAIL],
               verdict.EXIT_STATUS[verdict.LAB_ERROR],
               verdict.EXIT_STATUS[verdict.PASS])

_RANGE = re.compile(r'(\d+)(?:\.\.(\d+))?')


def seeds(text):
    """Return the seeds of a text such as '1..20' or '3,7,9', a tuple.

    :raises: argparse.ArgumentTypeError if it is none
    """
    found = []
    for part in text.split(','):
        match = _RANGE.fullmatch(part.strip())
        first, last = (match[1], match[2] or match[1]) if match else (1, 0)
        if int(first) > int(last):
            raise argparse.ArgumentTypeError(
                f'{text!r} is no range of seeds; such as 1..20, or 3,7,9')
        found += range(int(first), int(last) + 1)
    return tuple(dict.fromkeys(found))


def add_argument(parser):
    parser.add_argument(
        '--seeds', type=seeds, metavar='FIRST..LAST',
        help='do it by these seeds, one after the other, each in a run '
             'directory of its own (1..20; or 3,7,9); the exit status is the '
             'worst')


def check(parsed_args):
    """Refuse what makes no sense for more than one run.

    :raises: :class:`heat_upgrade.errors.UsageError`
    """
    for option in ('plan', 'keep'):
        if getattr(parsed_args, option):
            raise errors.UsageError(
                f'--seeds and --{option} exclude each other')


def night(parsed_args, execute):
    """Do a run by each seed; prints a line for each, and a table at the end.

    :param parsed_args: of heat-upgrade run
    :param execute: function of (plan, parsed_args, stream for its progress)
        that returns (run directory, status)
    :returns: exit status; INTERRUPTED_STATUS after a Ctrl-C
    """
    base, target = options.base_and_target(parsed_args.base,
                                           parsed_args.target)
    # All of them first: what cannot be is told before the night begins.
    plans = [options.plan_of(parsed_args, base, target, seed=seed)
             for seed in parsed_args.seeds]
    seconds = sum(plan.seconds for plan in plans)
    print(f'{len(plans)} runs, about {seconds / 60:.0f} min', flush=True)
    runs = []
    path = _file(parsed_args.work_dir)
    status = None
    try:
        for plan in plans:
            run_dir, status = execute(plan, parsed_args, io.StringIO())
            runs.append(_run(plan.seed, run_dir))
            print(_line(runs[-1]), flush=True)
            _write(path, runs)
            if status == verdict.INTERRUPTED_STATUS:
                break
    except KeyboardInterrupt:
        status = verdict.INTERRUPTED_STATUS
    finally:
        print(_table(runs, path), end='')
    if status == verdict.INTERRUPTED_STATUS:
        return status
    statuses = {verdict.exit_status(run, strict=parsed_args.strict)
                for run in runs}
    return next(one for one in WORST_FIRST if one in statuses)


def _file(work_dir):
    now = datetime.datetime.now(datetime.UTC).strftime('%Y%m%d-%H%M%S')
    return work_dir / f'{now}-seeds.json'


def _run(seed, run_dir):
    """Return what is told of a run."""
    report = files.build(run_dir)
    wrong = [one['title'] for one in report['findings']
             if one['severity'] == findings.ERROR
             and one['origin'] not in triage.NOT_COUNTED]
    return {'seed': seed, 'verdict': report['verdict'],
            'finished': report['finished'], 'seconds': report['duration_s'],
            'finding': wrong[0] if wrong else '', 'findings': len(wrong),
            'run_dir': str(run_dir), 'reproduce': report['reproduce']}


def _line(run):
    return (f'{run["seed"]:>6}  {run["verdict"]:17}  {run["seconds"]:>7.1f} s'
            f'  {run["finding"]}').rstrip()


def _table(runs, path):
    if not runs:
        return 'no run came to its end\n'
    lines = ['', '  seed  verdict              seconds  worst finding',
             *map(_line, runs), '',
             ', '.join(f'{sum(run["verdict"] == word for run in runs)} {word}'
                       for word in verdict.EXIT_STATUS)]
    lines += [f'again:  {run["reproduce"]}' for run in runs
              if run['verdict'] not in verdict.PASSED]
    return '\n'.join([*lines, f'runs:   {path}']) + '\n'


def _write(path, runs):
    path.write_text(json.dumps({'runs': runs}, indent=2) + '\n')

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

"""Records calls.yaml again, from the traffic of the smoke tests.

    python tools/record_traffic.py [--release 2026.2]

It runs the smoke tests in a cloud, records their requests to Heat with the
answers, and replaces the part ``recorded`` of calls.yaml. The part ``added``
stays: it is written by hand, for calls that no smoke test makes.

A lane has the calls about one stack. Names replace IDs: an ID from an earlier
answer of the lane is kept under a name. Repeated GETs become one call that
waits for the last answer. A lane is left out if the other lanes and the part
``added`` have all its kinds of calls: a stack costs more than all calls about
it. So are lists of all stacks, whose answer depends on other lanes.
"""

import argparse
from collections import abc
import json
import pathlib
import re
import tempfile
import typing
from urllib import parse

import yaml

from heat_upgrade.checks.api import recorded_calls
from heat_upgrade.checks.api import replay
from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.lab import client_config
from heat_upgrade.lab import cloud_start
from heat_upgrade.lab import stestr_runner
from heat_upgrade.lab import workspace as workspaces

TRAFFIC = pathlib.Path(__file__).with_name('traffic_recorder')
VARIABLE = 'HEAT_UPGRADE_TRAFFIC'
HEAD = '''\
# Calls that the check "api" makes to both releases; see recorded_calls.Call.
# "recorded" is written by python tools/record_traffic.py;
# "added" by hand, for calls that no smoke test makes.
'''

STACK = re.compile(r'smoke-[0-9a-f]{12}')
ID = re.compile(r'\b(?:smoke-[0-9a-f]{12}-[\w-]+-[0-9a-z]{12}'
                r'|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
                r'|[0-9a-f]{32})\b')
# Paths in the answers that hold the status of an operation.
ENDS = ('stack.stack_status', 'resource.resource_status', 'snapshot.status',
        'software_deployment.status')
STACKS_OF_THE_CALLS, UNNAMED = 'calls', 'calls-0'
ALL_STACKS = re.compile(r'stacks(\?.*|/detail.*)?\Z')

# A call or a lane, as calls.yaml has it.
_Call = dict[str, typing.Any]
_Lane = dict[str, list[_Call]]
# (method, path, body, status, answer)
_Exchange = tuple[str, str, str | None, int, str]


def lanes(traffic: abc.Iterable[typing.Any],
          added: abc.Sequence[_Lane] = ()) -> list[_Lane]:
    """Return the lanes of some traffic, as calls.yaml has them.

    :param traffic: [method, url, body, status, answer] of each exchange
    :param added: lanes that are written by hand
    """
    by_stack: dict[str, list[_Exchange]] = {}
    owner: dict[str, str] = {}
    for method, url, body, status, answer in traffic:
        text = f'{_path(url)} {body or ""}'
        stack = next(iter(STACK.findall(text)), None) or next(
            (owner[id_] for id_ in ID.findall(text) if id_ in owner), '')
        for id_ in ID.findall(answer):
            owner.setdefault(id_, stack)
        if method != 'GET' or not ALL_STACKS.match(_path(url)):
            by_stack.setdefault(stack, []).append(
                (method, _path(url), body, status, answer))
    # In an order, and with names, that the next run reproduces.
    found = sorted((_lane(exchanges, stack) for stack, exchanges
                    in by_stack.items()),
                   key=lambda lane: (-len(lane), json.dumps(lane)))
    made: list[_Lane] = []
    known = {_kind(call) for lane in added for call in lane['calls']}
    for lane in found:
        # The stack of the last lane may stay: the cloud ends soon.
        while lane and lane[-1]['method'] == 'DELETE' and (
                _kind(lane[-1]) in known):
            lane.pop()
        kinds = {_kind(call) for call in lane}
        if kinds - known:
            known |= kinds
            name = f'{STACKS_OF_THE_CALLS}-{len(made) + 1}'
            made.append({'calls': json.loads(
                json.dumps(lane).replace(UNNAMED, name))})
    return made


def _path(url: str) -> str:
    """Return a path below the project, with its query."""
    parts = parse.urlsplit(url)
    path = parts.path.split('/v1/', 1)[1].partition('/')[2]
    return path + (f'?{parts.query}' if parts.query else '')


def _lane(exchanges: abc.Iterable[_Exchange], stack: str) -> list[_Call]:
    """Return the calls of one stack."""
    calls: list[_Call] = []
    # {ID: (number of the call whose answer has it, path in the answer)}
    origins: dict[str, tuple[int, str]] = {}
    names: dict[str, str] = {}
    before = None
    for method, path, body, status, answer in exchanges:
        content = _json(answer)
        if method != 'GET' or before != (method, path):
            calls.append({
                'method': method,
                'path': _named(path, origins, names, calls),
                **({'body': _named(_json(body), origins, names, calls)}
                   if body else {}),
                # A refused call is a call of its own.
                **({'name': _refused(method, path)} if status >= 400
                   else {})})
        before = method, path
        if method == 'GET':
            calls[-1]['until'] = _end(content)
        for where, value in _ids(content):
            origins.setdefault(value, (len(calls) - 1, where))
    for call in calls:
        if not call.get('until'):
            call.pop('until', None)
    # IDs from other lanes are unknown to this one.
    text = json.dumps([call for call in calls if not ID.search(call['path'])])
    made: list[_Call] = json.loads(
        text.replace(stack, UNNAMED) if stack else text)
    return made


def _refused(method: str, path: str) -> str:
    shown = STACK.sub('{name}', ID.sub('{id}', path))
    return f'{method} {shown} that is refused'


def _end(content: typing.Any) -> dict[str, typing.Any]:
    statuses = {where: replay.value_at(content, where) for where in ENDS}
    return {where: value for where, value in statuses.items()
            if str(value).endswith(('COMPLETE', 'FAILED'))}


def _ids(content: typing.Any,
         where: str = '') -> abc.Iterator[tuple[str, str]]:
    """Yield (path, id) of all ids in an answer."""
    if isinstance(content, dict):
        for key, value in content.items():
            if '.' not in key:
                yield from _ids(value, f'{where}.{key}')
    elif isinstance(content, list):
        for number, value in enumerate(content):
            yield from _ids(value, f'{where}.{number}')
    elif isinstance(content, str) and ID.fullmatch(content):
        yield where[1:], content


def _named(value: typing.Any, origins: dict[str, tuple[int, str]],
           names: dict[str, str], calls: list[_Call]) -> typing.Any:
    """Return a path or a body with names in place of IDs."""
    text = json.dumps(value)
    for id_ in ID.findall(text):
        if id_ not in origins:
            continue
        if id_ not in names:
            number, where = origins[id_]
            names[id_] = f'id{len(names) + 1}'
            calls[number].setdefault('keep', {})[names[id_]] = where
        text = text.replace(id_, '{%s}' % names[id_])
    return json.loads(text)


def _json(text: str | None) -> typing.Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _kind(call: _Call) -> tuple[typing.Any, ...]:
    """Return a key that calls of the same kind share."""
    path, _, query = call['path'].partition('?')
    for pattern, general in ((r'[{]\w+[}]', 'ID'),
                             ('stacks/[^/]*/', 'stacks/'),
                             ('resources/[^/]*', 'resources/'),
                             ('outputs/.*', 'outputs/')):
        path = re.sub(pattern, general, path)
    if call.get('name', '').endswith('refused'):
        path = 'refused ' + path
    body = call.get('body')
    return (call['method'], path, tuple(sorted(parse.parse_qs(query))),
            tuple(sorted(body)) if isinstance(body, dict) else None)


def traffic(release: releases.Release) -> list[typing.Any]:
    """Run the smoke tests in a cloud of a release; return their traffic.

    :raises: LabError unless all pass
    """
    with (tempfile.TemporaryDirectory(prefix='heat-upgrade-') as directory,
          workspaces.Workspace(directory) as workspace):
        cloud = cloud_start.start(workspace, release)
        client_config.write(cloud.access, workspace.run_dir,
                            state_dir=workspace.run_dir / 'manifest')
        recording = workspace.data / 'traffic'
        tests = stestr_runner.run(
            workspace, workspace.run_dir, name='smoke', kinds=['smoke'],
            variables={VARIABLE: str(recording), 'PYTHONPATH': str(TRAFFIC)})
        cloud.down()
        failed = [
            test.id for test in tests if test.outcome == stestr_runner.FAILED
        ]
        if failed or not tests:
            raise errors.LabError(f'these smoke tests failed: {failed}'
                                  if failed else 'no smoke test ran')
        return [json.loads(line)
                for line in recording.read_text().splitlines()]


def write(recorded: list[_Lane],
          path: str | pathlib.Path = recorded_calls.FILE) -> None:
    """Replace the recorded part of a file of calls."""
    path = pathlib.Path(path)
    whole = path.read_text()
    added = whole[whole.index('added:'):]
    path.write_text(HEAD + yaml.safe_dump(
        {'recorded': recorded}, sort_keys=False, width=79) + added)


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Record calls.yaml again, from the traffic of the smoke '
                    'tests.',
        prog='python tools/record_traffic.py')
    parser.add_argument('--release', default='2026.2',
                        help='release of Heat; default: %(default)s')
    args = parser.parse_args()
    added = yaml.safe_load(recorded_calls.FILE.read_text())['added']
    made = lanes(traffic(releases.parse(args.release)), added)
    write(made)
    print(f'{sum(len(lane["calls"]) for lane in made)} calls in '
          f'{len(made)} lanes: {recorded_calls.FILE}')


if __name__ == '__main__':
    main()

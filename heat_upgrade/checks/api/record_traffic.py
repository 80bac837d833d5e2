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

"""Records calls.yaml anew, from the traffic of the smoke tests.

    python -m heat_upgrade.checks.api.record_traffic [--release 2026.2]

It starts a cloud, runs the smoke tests in it, notes what they ask Heat and
what it answers, and replaces the part ``recorded`` of calls.yaml. The part
``added`` is written by hand, for calls that no smoke test makes, and stays.

A lane is what was done to one stack. Names stand in place of ids: an id that
a call has, and an earlier answer of its lane gave, is kept there under a
name. The same GET again and again is one call that waits for what came last.
A lane that has no call of its own kind, beside the other lanes and what is
added, is left out: a stack costs more than all calls about it. So are calls
whose answer depends on what other lanes have just done: lists of all stacks.
"""

import argparse
import json
import pathlib
import re
import tempfile
from urllib import parse

import yaml

from heat_upgrade.checks.api import replay
from heat_upgrade import errors
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab import client_config
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import stestr_runner
from heat_upgrade.lab import workspace as workspaces

TRAFFIC = pathlib.Path(__file__).with_name('traffic')
VARIABLE = 'HEAT_UPGRADE_TRAFFIC'
HEAD = '''\
# Calls that the check "api" makes to both releases; see live.Call.
# "recorded" is written by python -m heat_upgrade.checks.api.record_traffic;
# "added" by hand: what no smoke test calls.
'''

STACK = re.compile(r'smoke-[0-9a-f]{12}')
ID = re.compile(r'\b(?:smoke-[0-9a-f]{12}-[\w-]+-[0-9a-z]{12}'
                r'|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
                r'|[0-9a-f]{32})\b')
# Where the answers tell how far something is.
ENDS = ('stack.stack_status', 'resource.resource_status', 'snapshot.status',
        'software_deployment.status')
STACKS_OF_THE_CALLS, UNNAMED = 'calls', 'calls-0'
ALL_STACKS = re.compile(r'stacks(\?.*|/detail.*)?\Z')


def lanes(traffic, added=()):
    """Return the lanes of some traffic, as calls.yaml has them.

    :param traffic: list of [method, url, body, status, answer]: texts but
        for the status
    :param added: lanes that are written by hand
    """
    by_stack = {}
    owner = {}
    for method, url, body, status, answer in traffic:
        text = f'{_path(url)} {body or ""}'
        stack = next(iter(STACK.findall(text)), None) or next(
            (owner[one] for one in ID.findall(text) if one in owner), '')
        for one in ID.findall(answer):
            owner.setdefault(one, stack)
        if method != 'GET' or not ALL_STACKS.match(_path(url)):
            by_stack.setdefault(stack, []).append(
                (method, _path(url), body, status, answer))
    # In an order, and with names, that another run gives again.
    found = sorted((_lane(exchanges, stack) for stack, exchanges
                    in by_stack.items()),
                   key=lambda lane: (-len(lane), json.dumps(lane)))
    made = []
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


def _path(url):
    """Return a path below the project, with its query."""
    parts = parse.urlsplit(url)
    path = parts.path.split('/v1/', 1)[1].partition('/')[2]
    return path + (f'?{parts.query}' if parts.query else '')


def _lane(exchanges, stack):
    """Return the calls of one stack."""
    calls, given, names, before = [], {}, {}, None
    for method, path, body, status, answer in exchanges:
        content = _json(answer)
        if method != 'GET' or before != (method, path):
            calls.append({
                'method': method,
                'path': _named(path, given, names, calls),
                **({'body': _named(_json(body), given, names, calls)}
                   if body else {}),
                # One that is refused is another call.
                **({'name': _refused(method, path)} if status >= 400
                   else {})})
        before = method, path
        if method == 'GET':
            calls[-1]['until'] = _end(content)
        for where, value in _ids(content):
            given.setdefault(value, (len(calls) - 1, where))
    for call in calls:
        if not call.get('until'):
            call.pop('until', None)
    # What other lanes gave is not known here.
    text = json.dumps([call for call in calls if not ID.search(call['path'])])
    return json.loads(text.replace(stack, UNNAMED) if stack else text)


def _refused(method, path):
    shown = STACK.sub('{name}', ID.sub('{id}', path))
    return f'{method} {shown} that is refused'


def _end(content):
    found = {where: replay.found(content, where) for where in ENDS}
    return {where: value for where, value in found.items()
            if str(value).endswith(('COMPLETE', 'FAILED'))}


def _ids(content, where=''):
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


def _named(value, given, names, calls):
    """Return a path or a body with names in place of ids."""
    text = json.dumps(value)
    for one in ID.findall(text):
        if one not in given:
            continue
        if one not in names:
            number, where = given[one]
            names[one] = f'id{len(names) + 1}'
            calls[number].setdefault('keep', {})[names[one]] = where
        text = text.replace(one, '{%s}' % names[one])
    return json.loads(text)


def _json(text):
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _kind(call):
    """Return what two calls that show the same have in common."""
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


def traffic(release):
    """Run the smoke tests in a cloud of a release; returns their traffic.

    :raises: :class:`heat_upgrade.errors.LabError` if not all pass
    """
    with (tempfile.TemporaryDirectory(prefix='heat-upgrade-') as place,
          workspaces.Workspace(place) as workspace):
        keystone, heat = environments.ensure_all(
            [environments.keystone(release), environments.heat(release)],
            log_dir=workspace.logs, marker=workspace.marker)
        cloud = clouds.Cloud(workspace, keystone_environment=keystone,
                             heat_environment=heat)
        cloud.up()
        client_config.write(cloud.access, workspace.run_dir,
                            state_dir=workspace.run_dir / 'manifest')
        noted = workspace.data / 'traffic'
        tests = stestr_runner.run(
            workspace, workspace.run_dir, name='smoke', kinds=['smoke'],
            variables={VARIABLE: str(noted), 'PYTHONPATH': str(TRAFFIC)})
        cloud.down()
        failed = [
            test.id for test in tests if test.outcome == stestr_runner.FAILED
        ]
        if failed or not tests:
            raise errors.LabError(f'smoke tests that failed: {failed}')
        return [json.loads(line) for line in noted.read_text().splitlines()]


def write(recorded, path=replay.CALLS):
    """Replace the recorded part of a file of calls."""
    path = pathlib.Path(path)
    whole = path.read_text()
    added = whole[whole.index('added:'):]
    path.write_text(HEAD + yaml.safe_dump(
        {'recorded': recorded}, sort_keys=False, width=79) + added)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.partition('\n')[0],
        prog='python -m heat_upgrade.checks.api.record_traffic')
    parser.add_argument('--release', default='2026.2',
                        help='of Heat; default: %(default)s')
    asked = parser.parse_args()
    added = yaml.safe_load(replay.CALLS.read_text())['added']
    made = lanes(traffic(releases.parse(asked.release)), added)
    write(made)
    print(f'{sum(len(lane["calls"]) for lane in made)} calls in '
          f'{len(made)} lanes: {replay.CALLS}')


if __name__ == '__main__':
    main()

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

"""Run directories as heat-upgrade leaves them, without a run."""

import json
import os

PASSWORD = 'e5b1c0ffee5b1c0ffee5b1c0ffee5b1c'
REPRODUCE = 'heat-upgrade run --from 2026.1 --to {heat} --strategy cold'

PUBLIC = {
    'plan.json': '{}', 'journal.jsonl': '{}\n', 'ledger.jsonl': '{}\n',
    'history.jsonl': '{}\n', 'subunit/pre-upgrade.subunit': 'x',
    'logs/mariadb.log': 'ready',
    'probes/stack-list.jsonl': '{}\n'}
# Whatever only its owner may read, and what has a password wherever it stands.
SECRET = {
    'clouds.yaml': 0o600, 'openrc': 0o600, 'tempest.conf': 0o600,
    'heat-before.sql': 0o600, 'logs/of-one-owner.log': 0o600,
    'logs/heat.conf': 0o644, 'manifest/stack.json': 0o600,
    'logs/server.key': 0o644, 'data/etc.heat/api-paste.ini': 0o600}
# Of no use to anybody else, and nobody has said that it may be seen.
UNLISTED = {'cloud.json': 0o644, 'later-invention/file': 0o644}
REPORT = ('report.html', 'report.json', 'junit.xml')


def make(directory, *, verdict='pass', report=True, heat='~/heat',
         finished=True, umask=0o022):
    """Make a run directory; returns its path.

    :param heat: the target, as on the command line
    :param finished: whether the run came to its end
    :param umask: umask of the process that ran it
    """
    for name, text in PUBLIC.items():
        _write(directory / name, text, 0o666 & ~umask)
    for name, mode in {**SECRET, **UNLISTED}.items():
        _write(directory / name, f'password = {PASSWORD}\n', mode & ~umask)
    if report:
        write_report(directory, verdict, heat, finished=finished)
    return directory


def write_report(directory, verdict, heat='~/heat', *, finished=True):
    """Write the report of a run."""
    for name in REPORT:
        _write(directory / name, json.dumps(
            {'verdict': verdict, 'finished': finished,
             'reproduce': REPRODUCE.format(heat=heat)}), 0o644)


def _write(path, text, mode):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.chmod(path, mode)

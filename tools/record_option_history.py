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

"""Records the options of the earlier releases of Heat and its libraries.

    python -m tools.record_option_history

It writes checks/config/option_history.json, from the wheels on the package
index: the last release of each major version since Heat 11 (Rocky), the first
Heat on the index. Each name has the last release that read it.
"""

from collections import abc
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

from heat_upgrade.checks.config import option_history
from heat_upgrade.install import environments
from heat_upgrade.install import releases

# The last release of each major version.
RELEASES = {
    'openstack-heat': (
        '11.0.3', '12.2.0', '13.1.0', '14.2.0', '15.1.0', '16.1.0', '17.0.2',
        '18.0.1', '19.0.2', '20.0.1', '21.0.1', '22.0.1', '23.0.0', '24.1.2',
        '25.0.2', '26.0.2', '27.0.1'),
    'keystonemiddleware': (
        '4.22.0', '5.3.0', '6.1.0', '7.0.1', '8.0.0', '9.5.0', '10.12.1',
        '11.0.0', '12.0.0', '13.0.1'),
    'oslo.cache': ('1.38.1', '2.11.0', '3.12.0', '4.3.0'),
    'oslo.concurrency': ('3.31.0', '4.5.1', '5.3.0', '6.2.0', '7.6.1'),
    'oslo.db': (
        '4.46.0', '5.1.1', '6.0.0', '7.0.0', '8.6.0', '9.1.0', '10.0.0',
        '11.3.0', '12.3.3', '13.1.0', '14.1.1', '15.1.0', '16.0.0', '17.4.0',
        '18.1.1'),
    'oslo.log': ('3.45.2', '4.8.0', '5.5.2', '6.2.0', '7.2.1', '8.3.2'),
    'oslo.messaging': (
        '8.1.4', '9.8.0', '10.5.0', '11.0.0', '12.14.0', '13.0.0', '14.9.3',
        '15.0.0', '16.1.2', '17.3.2', '18.3.1'),
    'oslo.middleware': ('3.38.1', '4.5.1', '5.2.0', '6.6.0', '7.0.0',
                        '8.2.0'),
    'oslo.policy': ('1.44.1', '2.4.1', '3.12.1', '4.8.0', '5.1.0', '6.0.1'),
    'oslo.reports': ('1.31.1', '2.4.0', '3.9.0'),
    'oslo.service': ('1.41.1', '2.8.0', '3.6.0', '4.8.0'),
    'osprofiler': ('2.9.0', '3.4.3', '4.4.0'),
}

# The last release of Heat with eventlet.
HOST = '24.1.2'

_LISTER = pathlib.Path(__file__).with_name('list_wheel_options.py')

# Longest download and listing of a wheel, in seconds.
_TIMEOUT = 300

_Names = dict[str, str | None]


def history(listed: abc.Mapping[tuple[str, str], _Names]
            ) -> dict[str, list[str | None]]:
    """Return {name: [owner, last release, new name or None]}.

    Names that the newest release of their owner reads are not in it.

    :param listed: {(owner, version): its names}, the versions of each owner
        in their order
    """
    last: dict[str, list[str | None]] = {}
    newest = dict(listed.keys())
    for (owner, version), names in listed.items():
        for name, new in names.items():
            last[name] = [owner, version, new]
    return {name: entry for name, entry in sorted(last.items())
            if entry[1] != newest[str(entry[0])]}


def _names(owner: str, version: str, python: pathlib.Path) -> _Names:
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        subprocess.run(
            [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps',
             '--only-binary', ':all:', '--ignore-requires-python', '--dest',
             directory, f'{owner}=={version}'], check=True, timeout=_TIMEOUT)
        wheel, = place.glob('*.whl')
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(place / 'unpacked')
        answer = subprocess.run(
            [str(python), '-W', 'ignore', str(_LISTER),
             str(place / 'unpacked')], check=True, timeout=_TIMEOUT,
            stdout=subprocess.PIPE)
    names: _Names = json.loads(answer.stdout)
    return names


def main() -> None:
    with tempfile.TemporaryDirectory() as logs:
        environment = environments.ensure(
            environments.heat(releases.parse(HOST)),
            log_dir=pathlib.Path(logs))
    listed = {(owner, version): _names(owner, version,
                                       environment.bin('python'))
              for owner, versions in RELEASES.items() for version in versions}
    option_history.FILE.write_text(
        json.dumps(history(listed), indent=0) + '\n')


if __name__ == '__main__':
    main()

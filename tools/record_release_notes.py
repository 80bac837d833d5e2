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

"""Writes the release notes of Heat for the releases with lock files.

    python -m tools.record_release_notes

It writes checks/config/release_notes.json, from the sdists on the package
index. A note has the release that had it first; null for the notes that the
oldest release has.
"""

from collections import abc
import json
import pathlib
import subprocess
import sys
import tempfile

from heat_upgrade.checks.config import release_notes
from heat_upgrade.install import releases

# The sections that tell operators about removals; some removals are features.
_SECTIONS = (release_notes.UPGRADE, release_notes.DEPRECATIONS, 'features')

# Longest download of an sdist, in seconds; pip builds its metadata.
_TIMEOUT = 300


def recorded(notes: abc.Mapping[str, abc.Iterable[release_notes.Note]]
             ) -> dict[str, object]:
    """Return the content of release_notes.json.

    :param notes: {release: its notes}, the oldest first
    """
    first: dict[tuple[str, str, str], str | None] = {}
    for number, (version, of_release) in enumerate(notes.items()):
        for note in of_release:
            if note.section in _SECTIONS:
                first.setdefault((note.path, note.section, note.text),
                                 version if number else None)
    return {'releases': list(notes),
            'notes': [[*note, since] for note, since in first.items()]}


def _notes(version: str) -> tuple[release_notes.Note, ...]:
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(
            [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps',
             '--no-binary', ':all:', '--dest', directory,
             f'{releases.HEAT}=={version}'], check=True, timeout=_TIMEOUT)
        path, = pathlib.Path(directory).glob('*.tar.gz')
        return release_notes.of_sdist(path).notes


def main() -> None:
    versions = [releases.lock(series)[releases.HEAT]
                for series in releases.known_series()]
    release_notes.RECORDED.write_text(json.dumps(recorded(
        {version: _notes(version) for version in versions}), indent=0) + '\n')


if __name__ == '__main__':
    main()

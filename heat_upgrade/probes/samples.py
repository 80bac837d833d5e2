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

"""The samples of a probe, in memory and in a run directory.

A file has one line for the probe and one for each sample, written at once.
So a crash loses no earlier samples, and the run directory alone suffices for
a new report.
"""

import dataclasses
import json
import pathlib

from heat_upgrade import filesystem

# Below the run directory; a file for each probe.
DIRECTORY = 'probes'
SUFFIX = '.jsonl'

# Maximum length of a bad answer's text: enough for the error of Heat.
DETAIL_CHARACTERS = 300


class Unknown(Exception):
    """A question ended without an outcome, so it is no sample."""


@dataclasses.dataclass(frozen=True)
class Reply:
    """The judgement of a question about its answer.

    :ivar error: class of a bad answer (heat_upgrade.probes.error_classes),
        '' for a good one
    :ivar node: name of the node that answered, '' if unknown
    :ivar detail: text of the bad answer
    """

    error: str = ''
    node: str = ''
    detail: str = ''


@dataclasses.dataclass(frozen=True)
class Sample:
    """One question and its answer.

    :ivar start: monotonic time in seconds
    :ivar end: monotonic time in seconds
    :ivar good: whether the answer was as expected
    :ivar error: as in Reply
    :ivar node: as in Reply
    :ivar detail: as in Reply
    """

    start: float
    end: float
    good: bool
    error: str = ''
    node: str = ''
    detail: str = ''


@dataclasses.dataclass(frozen=True)
class About:
    """The definition of a probe.

    :ivar name: unique in a run
    :ivar question: the request and its good answer, one sentence
    :ivar interval: seconds between the starts of two questions
    """

    name: str
    question: str = ''
    interval: float = 0.1


class File:
    """Writes the samples of a probe to a run directory."""

    def __init__(self, run_dir: str | pathlib.Path, about: About) -> None:
        directory = pathlib.Path(run_dir) / DIRECTORY
        directory.mkdir(exist_ok=True)
        self._file = open(directory / (about.name + SUFFIX), 'a',
                          encoding='utf-8', buffering=1)
        self._file.write(json.dumps(dataclasses.asdict(about)) + '\n')

    def write(self, sample: Sample) -> None:
        """Append a sample."""
        self._file.write(json.dumps([
            round(sample.start, 4), round(sample.end, 4), sample.error,
            sample.node, sample.detail[:DETAIL_CHARACTERS]]) + '\n')

    def close(self) -> None:
        self._file.close()


def read(run_dir: str | pathlib.Path
         ) -> dict[str, tuple[About, list[Sample]]]:
    """Return the probes of a run directory, by name.

    A last line truncated by a crash is left out. A probe that was restarted
    in the same run continues its samples.

    :returns: {name: (definition, samples in the order of their ends)}
    :raises: ValueError if a file is damaged before its last line
    """
    probes = {}
    directory = pathlib.Path(run_dir) / DIRECTORY
    for path in sorted(directory.glob(f'*{SUFFIX}')):
        about: About | None = None
        samples = []
        for line in filesystem.json_lines(path):
            if isinstance(line, dict):
                about = About(**line)
            else:
                start, end, error, node, detail = line
                samples.append(Sample(start, end, not error, error, node,
                                      detail))
        if about:
            samples.sort(key=lambda sample: sample.end)
            probes[about.name] = about, samples
    return probes

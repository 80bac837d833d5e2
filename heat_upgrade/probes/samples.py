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

"""What a probe has seen: its samples, in memory and in a run directory.

A file has one line for the probe and one for each sample, written as it
comes, so that what was seen before a crash is there, and a report can be made
again from the run directory alone.
"""

import dataclasses
import json
import pathlib

# Below the run directory; a file for each probe.
DIRECTORY = 'probes'
SUFFIX = '.jsonl'

# Of a bad answer's text: enough for the fault that Heat names.
DETAIL_CHARACTERS = 300


@dataclasses.dataclass(frozen=True)
class Reply:
    """What a question says of the answer that it got.

    :ivar error: class of a bad answer
        (:mod:`heat_upgrade.probes.error_classes`), '' if it is a good one
    :ivar node: name of the node that answered, '' if nobody says
    :ivar detail: the bad answer's own words
    """

    error: str = ''
    node: str = ''
    detail: str = ''


@dataclasses.dataclass(frozen=True)
class Sample:
    """One question and its end.

    :ivar start: monotonic time in seconds
    :ivar end: monotonic time in seconds
    :ivar good: whether it was answered as it should be
    :ivar error: see :class:`Reply`
    :ivar node: likewise
    :ivar detail: likewise
    """

    start: float
    end: float
    good: bool
    error: str = ''
    node: str = ''
    detail: str = ''


@dataclasses.dataclass(frozen=True)
class About:
    """What a probe is.

    :ivar name: unique in a run
    :ivar question: what it asks and what is a good answer, one sentence
    :ivar interval: seconds between the starts of two questions
    """

    name: str
    question: str = ''
    interval: float = 0.1


class File:
    """Takes the samples of a probe as they come.

    :param run_dir: the run directory
    :param about: :class:`About`
    """

    def __init__(self, run_dir, about):
        directory = pathlib.Path(run_dir) / DIRECTORY
        directory.mkdir(exist_ok=True)
        self._file = open(directory / (about.name + SUFFIX), 'a',
                          encoding='utf-8', buffering=1)
        self._file.write(json.dumps(dataclasses.asdict(about)) + '\n')

    def write(self, sample):
        """Append a sample."""
        self._file.write(json.dumps([
            round(sample.start, 4), round(sample.end, 4), sample.error,
            sample.node, sample.detail[:DETAIL_CHARACTERS]]) + '\n')

    def close(self):
        self._file.close()


def read(run_dir):
    """Return the probes of a run directory.

    A last line that was cut off by a crash is left out. A probe that was
    started again in the same run goes on where it ended.

    :returns: {name: (:class:`About`, [:class:`Sample`])}, by name, samples
        in the order of their ends; empty if there were no probes
    :raises: ValueError if a file is damaged before its last line
    """
    found = {}
    directory = pathlib.Path(run_dir) / DIRECTORY
    for path in sorted(directory.glob(f'*{SUFFIX}')):
        about, samples = None, []
        for line in _lines(path):
            if isinstance(line, dict):
                about = About(**line)
            else:
                start, end, error, node, detail = line
                samples.append(Sample(start, end, not error, error, node,
                                      detail))
        if about:
            samples.sort(key=lambda sample: sample.end)
            found[about.name] = about, samples
    return found


def _lines(path):
    lines = path.read_text(encoding='utf-8').splitlines()
    for number, line in enumerate(lines, 1):
        try:
            yield json.loads(line)
        except ValueError:
            if number < len(lines):
                raise ValueError(
                    f'line {number} of {path.name} is damaged') from None

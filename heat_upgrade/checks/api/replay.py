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

"""Makes the recorded calls to a release in the lab.

The calls of a lane run one after another, because later ones need the objects
of earlier ones; lanes run in parallel. Each answer is reduced to its structure
at once: no value, no token and no signed URL is kept or logged.
"""

from collections import abc
import contextlib
import functools
import hashlib
import json
import os
import pathlib
import re
import time
import typing

from heat_upgrade.checks.api import callers
from heat_upgrade.checks.api import recorded_calls
from heat_upgrade.checks.api import response_schema
from heat_upgrade.checks.api import values
from heat_upgrade.checks import check_context
from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.install import cache
from heat_upgrade.install import environments
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import database_template
from heat_upgrade.lab.services import heat
from heat_upgrade.lab import workspace as workspaces

if typing.TYPE_CHECKING:
    import requests

# Members may use the CloudFormation API.
PROFILE = 'standard,cfn-actions'

# Starting a second worker takes more time than it saves here.
WORKERS = 1

# On two cores, more lanes at once are not faster.
LANES = 6

# One unexpected end may be due to a busy machine or a race within Heat; two
# are a difference.
ATTEMPTS = 2
# Calls of a target.
MANY = 20

# In place of a status.
NOT_MADE, NO_ANSWER, NOT_REACHED = (
    'not made, because an earlier call failed', 'no answer',
    'another end than the recorded one')

# {call: structure of its answers}
Answers = dict[str, response_schema.Structure]


class NotStarted(errors.LabError):
    """Heat does not start in the clouds of some releases.

    :ivar failed: {number of the release: the exception of its start}
    """

    def __init__(self, failed: dict[int, errors.LabError]) -> None:
        self.failed = failed
        super().__init__('\n'.join(str(exc) for exc in failed.values()))


def structures(subjects: abc.Sequence[check_context.InstalledRelease],
               context: check_context.Context, *,
               again: bool = False) -> list[Answers]:
    """Return the answers of some releases, in order.

    :param again: make the calls even if their answers are cached
    :raises: NotStarted if Heat does not start in a cloud, LabError if there
        is no cloud
    """
    kept = [None if again else _kept(subject) for subject in subjects]
    failed: dict[int, errors.LabError] = {}
    for _ in range(ATTEMPTS):
        # A target that fails at so many calls fails again, and slowly.
        missing = [number for number, answers in enumerate(kept)
                   if not answers or not is_whole(answers)
                   and not (number and _failed(answers) > MANY)]
        if not missing:
            break
        outcomes = _in_the_lab([subjects[number] for number in missing],
                               context)
        for number, outcome in zip(missing, outcomes):
            failed.pop(number, None)
            if isinstance(outcome, errors.LabError):
                failed[number] = outcome
                continue
            kept[number] = outcome
            if is_whole(outcome):
                path = _path(subjects[number])
                path.parent.mkdir(parents=True, exist_ok=True)
                filesystem.write_atomically(path, json.dumps(outcome))
    if failed:
        raise NotStarted(failed)
    return [answers for answers in kept if answers is not None]


def _kept(subject: check_context.InstalledRelease) -> Answers | None:
    path = _path(subject)
    if not path.exists():
        return None
    os.utime(path)
    answers: Answers = json.loads(path.read_text())
    return answers


def _failed(answers: Answers) -> int:
    """Return the number of calls that did not end as recorded."""
    return sum(bool(set(answer['status']) & {NOT_MADE, NO_ANSWER, NOT_REACHED})
               for answer in answers.values())


def is_whole(answers: Answers) -> bool:
    """Return True if each call was made and ended as recorded."""
    return not _failed(answers)


def _path(subject: check_context.InstalledRelease) -> pathlib.Path:
    whole = hashlib.sha256(subject.key.encode())
    code = (callers, response_schema, values, heat)
    for path in (
        recorded_calls.FILE,
        *sorted(recorded_calls.BEHAVIOURS.glob('*.yaml')),
        *(pathlib.Path(str(module.__file__)) for module in code),
        pathlib.Path(__file__),
    ):
        whole.update(path.read_bytes() + b'\0')
    # With the readings, which are pruned when they are unused.
    return (cache.directory() / 'readings'
            / f'api-calls-{whole.hexdigest()[:32]}.json')


def _in_the_lab(subjects: abc.Sequence[check_context.InstalledRelease],
                context: check_context.Context
                ) -> list[Answers | errors.LabError]:
    """Start a cloud for each release, make the calls, and end the clouds.

    The first cloud lends the others Keystone, of its own Heat's release, and
    RabbitMQ: half of the cost of starting a cloud.

    :returns: answers, or the error of a Heat that did not start
    """
    context.progress('calling the API of ' + ' and '.join(
        subject.name for subject in subjects) + ' in the lab')
    keystone = environments.ensure(
        environments.keystone(subjects[0].release),
        log_dir=context.workspace.logs)
    with contextlib.ExitStack() as stack:
        started: dict[int, clouds.Cloud] = {}
        results: dict[int, Answers | errors.LabError] = {}
        for number, subject in enumerate(subjects):
            directory = context.workspace.run_dir / 'check-api'
            name = f'{subject.name}-{subject.overlay_digest[:8]}'.strip('-')
            # The second attempt of a release has a directory of its own.
            before = len(list(directory.glob(f'{name}*')))
            workspace = stack.enter_context(workspaces.Workspace(
                directory / (f'{name}-{before + 1}' if before else name)))
            cloud = clouds.Cloud(
                workspace, keystone_environment=keystone,
                heat_environment=subject.environment,
                variables=subject.variables(), workers=WORKERS,
                profile=PROFILE,
                lender=next(iter(started.values()), None))
            stack.callback(cloud.down)
            try:
                cloud.start_backing()
            except database_template.HeatFails as exc:
                results[number] = exc
            else:
                started[number] = cloud
        results.update(zip(started, concurrency.run_parallel(
            *(functools.partial(_called, cloud)
              for cloud in started.values()))))
        return [results[number] for number in range(len(subjects))]


def _called(cloud: clouds.Cloud) -> Answers | errors.LabError:
    try:
        cloud.start_front()
    except errors.LabError as exc:
        if any(process not in cloud.heat_processes
               for process in cloud.died()):
            raise
        return exc
    return make([*recorded_calls.read(), *recorded_calls.behaviours()],
                callers.Callers(cloud))


def make(
    lanes: abc.Sequence[abc.Iterable[recorded_calls.Call]],
    users: callers.Callers,
) -> Answers:
    """Make the calls of some lanes; return their answers."""
    done = concurrency.map_parallel(
        lambda number: _lane(lanes[number], users), range(len(lanes)),
        threads=LANES)
    answers: Answers = {}
    for number in sorted(done):
        for title, answer in done[number]:
            answers[title] = (response_schema.merged(answers[title], answer)
                              if title in answers else answer)
    return answers


def _lane(calls: abc.Iterable[recorded_calls.Call],
          users: callers.Callers
          ) -> list[tuple[str, response_schema.Structure]]:
    kept = {'cloud': users.name}
    lane = values.Lane(users.name)
    done = []
    for call in calls:
        try:
            path, body = expanded(call.path, kept), expanded(call.body, kept)
        except KeyError:
            done.append((call.label,
                         response_schema.reduced(NOT_MADE, {}, None)))
            continue
        answer = _answer(call, path, body, users, kept, lane)
        done.append((call.label, answer))
        if call.lane and answer['status'][0] in (NO_ANSWER, NOT_REACHED):
            # The rest of the lane is another history, and would be as slow.
            break
    return done


def _answer(
    call: recorded_calls.Call,
    path: str,
    body: typing.Any,
    users: callers.Callers,
    kept: dict[str, str],
    lane: values.Lane,
) -> response_schema.Structure:
    """Make a call, repeated until its condition holds, and keep its values."""
    deadline = users.patience.deadline()
    while True:
        if call.until and not call.now:
            users.settled(path)
        try:
            response = users.send(call, path, body)
        except OSError:
            return response_schema.reduced(NO_ANSWER, {}, None)
        content = _content(response)
        if all(value_at(content, where) == value
               for where, value in call.until.items()):
            break
        if response.status_code >= 400 or any(
                str(value_at(content, where)).endswith('_FAILED')
                for where in call.until) or users.patience.is_over(deadline):
            return response_schema.reduced(NOT_REACHED, {}, None)
        time.sleep(callers.UNTIL_INTERVAL)
    for name, where in call.keep.items():
        value = value_at(content, where)
        if isinstance(value, (str, int)):
            kept[name] = str(value)
    answer = response_schema.reduced(
        response.status_code, response.headers, content,
        opaque=call.opaque or bool(call.lane))
    if call.lane:
        # The errors of the CloudFormation API are XML: texts for people.
        answer['value'] = (None if isinstance(content, str)
                           else lane.comparable(content))
    return answer


def _content(response: 'requests.Response') -> typing.Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return response.text


def value_at(content: typing.Any, where: str) -> typing.Any:
    """Return the value at a path such as stack.outputs.0.output_value."""
    for key in where.split('.'):
        try:
            content = content[int(key) if isinstance(content, list) else key]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return content


def expanded(value: typing.Any, kept: dict[str, str]) -> typing.Any:
    """Return a value with each {name} replaced by the value kept for it.

    :raises: KeyError if no value was kept
    """
    if isinstance(value, str):
        return re.sub(r'[{]([a-z][a-z0-9_-]*)[}]',
                      lambda name: kept[name[1]], value)
    if isinstance(value, dict):
        return {key: expanded(member, kept) for key, member in value.items()}
    if isinstance(value, list):
        return [expanded(member, kept) for member in value]
    return value

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

from keystoneauth1 import exceptions
from keystoneauth1.identity import v3
from keystoneauth1 import session as sessions

from heat_upgrade.checks.api import recorded_calls
from heat_upgrade.checks.api import response_schema
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

# Starting a second worker takes more time than it saves here.
WORKERS = 1

# On two cores, more lanes at once are not faster.
LANES = 6

REQUEST_TIMEOUT = 70
# A stack of the calls takes two seconds, on a busy machine ten.
UNTIL_TIMEOUT = 60
# In a cloud where a wait has failed. A Heat whose stacks are all stuck would
# otherwise be waited for an hour.
LATER_TIMEOUT = 5
UNTIL_INTERVAL = 0.4

# One unexpected end may be due to a busy machine or a race within Heat; two
# are a difference.
ATTEMPTS = 2

# Heat writes the status of a complete deletion before the time of it.
_UNSETTLED = """
SELECT id FROM stack WHERE id = %s AND (status = 'IN_PROGRESS' OR (
    action = 'DELETE' AND status = 'COMPLETE' AND deleted_at IS NULL))
"""

UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')

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
               context: check_context.Context) -> list[Answers]:
    """Return the answers of some releases, in order.

    :raises: NotStarted if Heat does not start in a cloud, LabError if there
        is no cloud
    """
    kept = [_kept(subject) for subject in subjects]
    failed: dict[int, errors.LabError] = {}
    for _ in range(ATTEMPTS):
        missing = [number for number, answers in enumerate(kept)
                   if not answers or not _is_whole(answers)]
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
            if _is_whole(outcome):
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


def _is_whole(answers: Answers) -> bool:
    return not any(set(answer['status']) & {NOT_MADE, NO_ANSWER, NOT_REACHED}
                   for answer in answers.values())


def _path(subject: check_context.InstalledRelease) -> pathlib.Path:
    whole = hashlib.sha256(subject.key.encode())
    for path in (
        recorded_calls.FILE,
        response_schema.__file__,
        heat.__file__,
        __file__,
    ):
        whole.update(pathlib.Path(path).read_bytes() + b'\0')
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
    return make(recorded_calls.read(), Callers(cloud))


class Patience:
    """The time limit of the waits in a cloud, shorter after one failed."""

    def __init__(self) -> None:
        self._timeout = UNTIL_TIMEOUT

    def deadline(self) -> float:
        return time.monotonic() + self._timeout

    def is_over(self, deadline: float) -> bool:
        if time.monotonic() < deadline:
            return False
        self._timeout = LATER_TIMEOUT
        return True


class Callers:
    """The callers of a cloud that is up: users with several roles."""

    def __init__(self, cloud: clouds.Cloud) -> None:
        self.patience = Patience()
        self._url = cloud.api_url
        self._mariadb = cloud.mariadb
        self._sessions = {recorded_calls.ADMIN: cloud.identity.session,
                          recorded_calls.ANONYMOUS: sessions.Session()}
        identity = cloud.identity
        self._projects = {recorded_calls.ADMIN: identity.project_id()}
        # Several clouds may share Keystone.
        name = f'{recorded_calls.PROJECT}-{cloud.workspace.marker}'
        project = identity.project(name)
        for caller, roles in recorded_calls.ROLES.items():
            password = workspaces.password()
            user = identity.user(f'{name}-{caller}', password)
            for role in roles:
                identity.grant(user, role, project=project)
            self._sessions[caller] = sessions.Session(auth=v3.Password(
                auth_url=f'{cloud.keystone.url}/v3', user_id=user,
                password=password, project_id=project))
            self._projects[caller] = project
        self._projects[recorded_calls.ANONYMOUS] = project

    def settled(self, path: str) -> None:
        """Wait until the stack of a path has no operation in progress.

        A query costs a hundredth of a call, and there are many. The next call
        shows the outcome.
        """
        stack = UUID.search(path)
        deadline = self.patience.deadline()
        while stack and self._mariadb.execute(
                _UNSETTLED, (stack[0],), database=clouds.DATABASE):
            if self.patience.is_over(deadline):
                break
            time.sleep(UNTIL_INTERVAL)

    def send(self, call: recorded_calls.Call, path: str,
             body: typing.Any) -> 'requests.Response':
        """Make a call once.

        :raises: OSError without an answer
        """
        if path.startswith('http'):
            url = path
        elif path.startswith('/'):
            url = self._url.removesuffix('/v1') + path
        else:
            url = f'{self._url}/{self._projects[call.by]}/{path}'
        try:
            return self._sessions[call.by].request(
                url,
                call.method,
                json=body,
                raise_exc=False,
                redirect=False,
                authenticated=call.by != recorded_calls.ANONYMOUS,
                connect_retries=0,
                headers={'Accept': 'application/json'},
                timeout=REQUEST_TIMEOUT,
            )
        except exceptions.ClientException as exc:
            raise OSError(str(exc)) from exc


def make(
    lanes: abc.Sequence[abc.Iterable[recorded_calls.Call]], callers: Callers
) -> Answers:
    """Make the calls of some lanes; return their answers."""
    done = concurrency.map_parallel(
        lambda number: _lane(lanes[number], callers), range(len(lanes)),
        threads=LANES)
    answers: Answers = {}
    for number in sorted(done):
        for title, answer in done[number]:
            answers[title] = (response_schema.merged(answers[title], answer)
                              if title in answers else answer)
    return answers


def _lane(calls: abc.Iterable[recorded_calls.Call], callers: Callers
          ) -> list[tuple[str, response_schema.Structure]]:
    kept: dict[str, str] = {}
    done = []
    for call in calls:
        try:
            path, body = expanded(call.path, kept), expanded(call.body, kept)
        except KeyError:
            done.append((call.title,
                         response_schema.reduced(NOT_MADE, {}, None)))
            continue
        done.append((call.title, _answer(call, path, body, callers, kept)))
    return done


def _answer(
    call: recorded_calls.Call,
    path: str,
    body: typing.Any,
    callers: Callers,
    kept: dict[str, str],
) -> response_schema.Structure:
    """Make a call, repeated until its condition holds, and keep its values."""
    deadline = callers.patience.deadline()
    while True:
        if call.until:
            callers.settled(path)
        try:
            response = callers.send(call, path, body)
        except OSError:
            return response_schema.reduced(NO_ANSWER, {}, None)
        content = _content(response)
        if all(value_at(content, where) == value
               for where, value in call.until.items()):
            break
        if response.status_code >= 400 or any(
                str(value_at(content, where)).endswith('_FAILED')
                for where in call.until) or callers.patience.is_over(deadline):
            return response_schema.reduced(NOT_REACHED, {}, None)
        time.sleep(UNTIL_INTERVAL)
    for name, where in call.keep.items():
        value = value_at(content, where)
        if isinstance(value, (str, int)):
            kept[name] = str(value)
    return response_schema.reduced(
        response.status_code, response.headers, content, opaque=call.opaque)


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

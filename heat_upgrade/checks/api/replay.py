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

"""The recorded calls made to a release in the lab, and their structures.

The calls of a lane follow one another, for one needs what another has made;
lanes go side by side. What comes back is reduced at once: no value, no token
and no signed URL is kept or logged.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import time

from keystoneauth1 import exceptions
from keystoneauth1.identity import v3
from keystoneauth1 import session as sessions
import yaml

from heat_upgrade.checks.api import response_schema
from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.install import cache
from heat_upgrade.install import environments
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import database_template
from heat_upgrade.lab.services import heat
from heat_upgrade.lab.services import identity as identities
from heat_upgrade.lab import workspace as workspaces

CALLS = pathlib.Path(__file__).with_name('calls.yaml')

# Who calls; the administrator of the cloud is another, and NOBODY has no
# token. The first one does where a call does not say.
MEMBER, READER, ADMIN, NOBODY = 'member', 'reader', 'admin', 'nobody'
PROJECT_ADMIN = 'project_admin'
ROLES = {MEMBER: ('member', identities.STACK_OWNER_ROLE),
         READER: ('reader',), PROJECT_ADMIN: ('admin',)}
PROJECT = 'calls'

# The names of the stacks of our calls.
OURS = r'(calls-\d+|added-\w+)'

# What a second one costs to start is more than it saves here.
WORKERS = 1

# Two cores do not answer faster when more ask.
LANES = 6

REQUEST_TIMEOUT = 70
# A stack of the calls takes two seconds, on a busy machine ten.
UNTIL_TIMEOUT = 120
UNTIL_INTERVAL = 0.4

# A call that ends otherwise once may have met a busy machine, or a race within
# Heat; one that does so twice is a difference.
ATTEMPTS = 2

# That a deletion is complete stands there a moment before its time does.
_UNSETTLED = """
SELECT id FROM stack WHERE id = %s AND (status = 'IN_PROGRESS' OR (
    action = 'DELETE' AND status = 'COMPLETE' AND deleted_at IS NULL))
"""

UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')

# In place of a status.
NOT_MADE, NO_ANSWER, NOT_REACHED = (
    'not made, for what it needs is not there', 'no answer',
    'an end that is not the one that was recorded')


@dataclasses.dataclass(frozen=True)
class Call:
    """One recorded call; the fields are those of calls.yaml.

    :ivar method: of HTTP
    :ivar path: below the project; below the API if it begins with /, or a
        whole URL if it begins with what was kept; {name} stands for what an
        earlier call kept
    :ivar body: what becomes JSON
    :ivar name: what findings call it; calls of one name merge
    :ivar by: who calls
    :ivar keep: {name: path in the answer} for later calls
    :ivar until: {path in the answer: value}: asked again until it is so
    :ivar opaque: whether the answer is what a user gave
    """

    method: str
    path: str
    body: object = None
    name: str = ''
    by: str = MEMBER
    keep: dict = dataclasses.field(default_factory=dict)
    until: dict = dataclasses.field(default_factory=dict)
    opaque: bool = False

    @property
    def title(self):
        """What findings call it: without the names of our stacks and ids."""
        return self.name or f'{self.method} ' + re.sub(
            rf'stacks/{OURS}', 'stacks/{name}',
            re.sub('[{][^{}]*[}]', '{id}', self.path))


def recorded(path=CALLS):
    """Return the lanes of a file: lists of :class:`Call`."""
    lanes = yaml.safe_load(pathlib.Path(path).read_text())
    return [[Call(**call) for call in lane['calls']]
            for part in ('recorded', 'added') for lane in lanes[part]]


class NotStarted(errors.LabError):
    """Heat does not start in the clouds of some releases.

    :ivar failed: {number of the release: the exception of its start}
    """

    def __init__(self, failed):
        self.failed = failed
        super().__init__('\n'.join(str(exc) for exc in failed.values()))


def structures(subjects, context):
    """Return {call: structure of its answers} of some releases, in order.

    :param subjects: list of
        :class:`heat_upgrade.checks.check_context.InstalledRelease`
    :param context: :class:`heat_upgrade.checks.check_context.Context`
    :raises: :class:`NotStarted` if Heat does not start in a cloud,
        :class:`heat_upgrade.errors.LabError` if there is no cloud
    """
    kept = [_kept(subject) for subject in subjects]
    failed = {}
    for _ in range(ATTEMPTS):
        missing = [number for number, answers in enumerate(kept)
                   if not answers or not _is_whole(answers)]
        if not missing:
            break
        made = _in_the_lab([subjects[number] for number in missing], context)
        for number, answers in zip(missing, made):
            failed.pop(number, None)
            if isinstance(answers, errors.LabError):
                failed[number] = answers
                continue
            kept[number] = answers
            if _is_whole(answers):
                place = _place(subjects[number])
                place.parent.mkdir(parents=True, exist_ok=True)
                workspaces.write_secret(place, json.dumps(answers))
    if failed:
        raise NotStarted(failed)
    return kept


def _kept(subject):
    place = _place(subject)
    if not place.exists():
        return None
    os.utime(place)
    return json.loads(place.read_text())


def _is_whole(answers):
    return not any(set(answer['status']) & {NOT_MADE, NO_ANSWER, NOT_REACHED}
                   for answer in answers.values())


def _place(subject):
    whole = hashlib.sha256(subject.key.encode())
    for path in (
        CALLS,
        *(module.__file__ for module in (response_schema, heat)),
        __file__,
    ):
        whole.update(pathlib.Path(path).read_bytes() + b'\0')
    # Beside the readings, which are removed when nobody uses them.
    return (cache.directory() / 'readings'
            / f'api-calls-{whole.hexdigest()[:32]}.json')


def _in_the_lab(subjects, context):
    """Start a cloud for each, make the calls, and end them.

    The first lends the others Keystone, as old as its own Heat, and RabbitMQ:
    half of what it costs to start a cloud.

    :returns: list of answers, or of the error of a Heat that did not start
    """
    context.progress('calling the API of ' + ' and '.join(
        subject.name for subject in subjects) + ' in the lab')
    keystone = environments.ensure(
        environments.keystone(subjects[0].release),
        log_dir=context.workspace.logs)
    with contextlib.ExitStack() as stack:
        started, results = {}, {}
        for number, subject in enumerate(subjects):
            place = context.workspace.run_dir / 'check-api'
            name = f'{subject.name}-{subject.overlay_digest[:8]}'.strip('-')
            # The second attempt of a release has a directory of its own.
            before = len(list(place.glob(f'{name}*')))
            workspace = stack.enter_context(workspaces.Workspace(
                place / (f'{name}-{before + 1}' if before else name)))
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
        made_by = concurrency.run_parallel(*(lambda cloud=cloud: _called(cloud)
                                             for cloud in started.values()))
        results.update(zip(started, made_by))
        return [results[number] for number in range(len(subjects))]


def _called(cloud):
    try:
        cloud.start_front()
    except errors.LabError as exc:
        if any(one not in cloud.heat_processes for one in cloud.died()):
            raise
        return exc
    return made(recorded(), Callers(cloud))


class Callers:
    """Who makes the calls to a cloud.

    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud`, which is up
    """

    def __init__(self, cloud):
        self._url = cloud.api_url
        self._mariadb = cloud.mariadb
        self._sessions = {ADMIN: cloud.identity.session,
                          NOBODY: sessions.Session()}
        identity = cloud.identity
        self._projects = {ADMIN: identity.project_id()}
        # Keystone may be another cloud's as well.
        name = f'{PROJECT}-{cloud.workspace.marker}'
        project = identity.project(name)
        for who, roles in ROLES.items():
            password = workspaces.password()
            user = identity.user(f'{name}-{who}', password)
            for role in roles:
                identity.grant(user, role, project=project)
            self._sessions[who] = sessions.Session(auth=v3.Password(
                auth_url=f'{cloud.keystone.url}/v3', user_id=user,
                password=password, project_id=project))
            self._projects[who] = project
        self._projects[NOBODY] = project

    def settled(self, path):
        """Wait until nothing is in progress with the stack of a path.

        The database tells for a hundredth of what a call costs, and there
        are many; what comes of it the next call shows.
        """
        stack = UUID.search(path)
        deadline = time.monotonic() + UNTIL_TIMEOUT
        while stack and time.monotonic() < deadline and (
                self._mariadb.execute(_UNSETTLED, (stack[0],),
                                      database=clouds.DATABASE)):
            time.sleep(UNTIL_INTERVAL)

    def send(self, call, path, body):
        """Make a call once; returns the response.

        :raises: OSError if there is none
        """
        if path.startswith('http'):
            url = path
        elif path.startswith('/'):
            url = self._url.removesuffix('/v1') + path
        else:
            url = f'{self._url}/{self._projects[call.by]}/{path}'
        try:
            return self._sessions[call.by].request(
                url, call.method, json=body, raise_exc=False, redirect=False,
                authenticated=call.by != NOBODY, connect_retries=0,
                headers={'Accept': 'application/json'},
                timeout=REQUEST_TIMEOUT)
        except exceptions.ClientException as exc:
            raise OSError(str(exc)) from exc


def made(lanes, callers):
    """Make the calls of some lanes; returns {call: structure}.

    :param lanes: lists of :class:`Call`
    :param callers: :class:`Callers`
    """
    done = concurrency.map_parallel(
        lambda number: _lane(lanes[number], callers),
        range(len(lanes)),
        threads=LANES,
    )
    answers = {}
    for number in sorted(done):
        for title, answer in done[number]:
            answers[title] = (response_schema.merged(answers[title], answer)
                              if title in answers else answer)
    return answers


def _lane(calls, callers):
    kept, done = {}, []
    for call in calls:
        try:
            path, body = expanded(call.path, kept), expanded(call.body, kept)
        except KeyError:
            done.append(
                (call.title, response_schema.reduced(NOT_MADE, {}, None))
            )
            continue
        done.append((call.title, _answer(call, path, body, callers, kept)))
    return done


def _answer(call, path, body, callers, kept):
    """Make a call, again until it says what it should; keep what is asked."""
    deadline = time.monotonic() + UNTIL_TIMEOUT
    while True:
        if call.until:
            callers.settled(path)
        try:
            response = callers.send(call, path, body)
        except OSError:
            return response_schema.reduced(NO_ANSWER, {}, None)
        content = _content(response)
        if all(found(content, where) == value
               for where, value in call.until.items()):
            break
        if response.status_code >= 400 or time.monotonic() > deadline or any(
                str(found(content, where)).endswith('_FAILED')
                for where in call.until):
            return response_schema.reduced(NOT_REACHED, {}, None)
        time.sleep(UNTIL_INTERVAL)
    for name, where in call.keep.items():
        value = found(content, where)
        if isinstance(value, (str, int)):
            kept[name] = str(value)
    return response_schema.reduced(
        response.status_code, response.headers, content, opaque=call.opaque
    )


def _content(response):
    try:
        return response.json() if response.content else None
    except ValueError:
        return response.text


def found(content, where):
    """Return what is at a path such as stack.outputs.0.output_value."""
    for key in where.split('.'):
        try:
            content = content[int(key) if isinstance(content, list) else key]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return content


def expanded(value, kept):
    """Return a value with what was kept in place of {name}.

    :raises: KeyError if it was not
    """
    if isinstance(value, str):
        return re.sub(r'[{]([a-z][a-z0-9_-]*)[}]',
                      lambda name: kept[name[1]], value)
    if isinstance(value, dict):
        return {key: expanded(one, kept) for key, one in value.items()}
    if isinstance(value, list):
        return [expanded(one, kept) for one in value]
    return value

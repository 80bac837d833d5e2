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

"""The callers of the API: users with several roles, and their patience."""

from collections import abc
import re
import time
import typing

from keystoneauth1 import exceptions
from keystoneauth1.identity import v3
from keystoneauth1 import session as sessions

from heat_upgrade.checks.api import recorded_calls
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import workspace as workspaces

if typing.TYPE_CHECKING:
    import requests

REQUEST_TIMEOUT = 70
# A stack of the calls takes two seconds, on a busy machine ten.
UNTIL_TIMEOUT = 60
# In a cloud where a wait has failed. A Heat whose stacks are all stuck would
# otherwise be waited for an hour.
LATER_TIMEOUT = 5
UNTIL_INTERVAL = 0.4

# Heat writes the status of a complete deletion before the time of it.
_UNSETTLED = """
SELECT id FROM stack WHERE id = %s AND (status = 'IN_PROGRESS' OR (
    action = 'DELETE' AND status = 'COMPLETE' AND deleted_at IS NULL))
"""

UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')


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
        # Replaced in comparable values.
        self.name = cloud.workspace.marker
        self._url = cloud.api_url
        self._cfn_url = f'{cloud.cfn_url}/v1/'
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
        if path == recorded_calls.CFN:
            return self._send_cfn(call, body)
        if path.startswith('http'):
            url = path
        elif path.startswith('/'):
            url = self._url.removesuffix('/v1') + path
        else:
            url = f'{self._url}/{self._projects[call.by]}/{path}'
        return self._request(call, url, json=body)

    def _send_cfn(self, call: recorded_calls.Call,
                  query: dict[str, str]) -> 'requests.Response':
        # With a user in the headers, heat-api-cfn does not ask for a
        # signature, and takes the token (heat/api/aws/ec2token.py).
        return self._request(
            call, self._cfn_url, headers={'X-Auth-User': 'calls'}, params={
                **query, 'Version': '2010-05-15', 'ContentType': 'JSON'})

    def _request(self, call: recorded_calls.Call, url: str, *,
                 headers: abc.Mapping[str, str] | None = None,
                 **content: typing.Any) -> 'requests.Response':
        try:
            return self._sessions[call.by].request(
                url,
                call.method,
                raise_exc=False,
                redirect=False,
                authenticated=call.by != recorded_calls.ANONYMOUS,
                connect_retries=0,
                headers={'Accept': 'application/json', **(headers or {})},
                timeout=REQUEST_TIMEOUT,
                **content,
            )
        except exceptions.ClientException as exc:
            raise OSError(str(exc)) from exc

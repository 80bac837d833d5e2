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

"""The action that checks the expectations of a profile."""

from collections import abc
import typing

from heat_upgrade import errors
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import profiles
from heat_upgrade.plan import planner
from heat_upgrade.results import findings
from heat_upgrade.run.actions import common
from heat_upgrade import waiting

if typing.TYPE_CHECKING:
    from heat_upgrade.run import runner

# Seconds. The tests of the same stage send notifications and write rows.
TIMEOUT = 60
INTERVAL = 1.0


def check_profile(run: 'runner.Run', step: planner.Step
                  ) -> dict[str, typing.Any]:
    """Check each expectation of the profile on the step's side.

    :raises: errors.LabError if the base does not meet one
    """
    cloud = common.existing(run.cloud, 'cloud')
    expected = [expectation for expectation
                in profiles.parse(run.plan.profile).expectations
                if expectation.side in ('', step.side)]
    failed = {}
    for expectation in expected:
        story = _story(cloud, expectation, run.queue_lengths)
        if story:
            failed[expectation.text] = story
    if failed and step.blame == planner.LAB:
        raise errors.LabError(
            'the base does not meet the profile: '
            + '; '.join(f'{text}: {story}'
                        for text, story in failed.items()))
    for text, story in failed.items():
        run.finding(findings.make(
            'profile.not-kept', text, f'the profile is not kept: {text}',
            story, step=step.name))
    return {'expectations': len(expected), 'failed': len(failed)}


def _story(cloud: clouds.Cloud, expectation: profiles.Expectation,
           lengths: dict[str, int]) -> str:
    """Return the failure of an expectation, '' if it holds.

    :param lengths: {queue: number of its messages at the last check}, updated
    """
    if expectation.get:
        return _answer(cloud, expectation)
    if expectation.query:
        return _wait(lambda: _number(cloud, expectation.query) > 0,
                     f'{expectation.query} to return a number')
    return _arrivals(cloud, expectation.queue, lengths)


def _number(cloud: clouds.Cloud, query: str) -> int:
    (number,), = cloud.mariadb.execute(query, database=clouds.DATABASE)
    return int(number)


def _wait(holds: abc.Callable[[], bool], what: str) -> str:
    """Wait for a condition; return the error of the wait, '' if it holds."""
    try:
        waiting.wait_until(holds, timeout=TIMEOUT, interval=INTERVAL,
                           what=what)
    except errors.WaitTimeout as exc:
        return str(exc)
    return ''


def _answer(cloud: clouds.Cloud, expectation: profiles.Expectation) -> str:
    identity = (cloud.identity if expectation.user == profiles.ADMIN
                else cloud.identity.member())
    answer = heat_client.Api(identity, cloud.api_url).call(
        'GET', expectation.get)
    if answer.status == expectation.status:
        return ''
    return (f'GET {expectation.get} as {expectation.user} got '
            f'{answer.status}, expected {expectation.status}: '
            f'{str(answer.body)[:500]}')


def _arrivals(cloud: clouds.Cloud, name: str,
              lengths: dict[str, int]) -> str:
    """Wait until a queue has more messages than at the last check."""
    before = lengths.get(name, 0)

    def length() -> int:
        lengths[name] = sum(queue.messages for queue in cloud.queues()
                            if queue.name == name)
        return lengths[name]
    return _wait(lambda: length() > before,
                 f'more than {before} messages in {name}')

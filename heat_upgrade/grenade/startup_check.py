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

"""Proves that Heat is up, by its answers and not by process names."""

from collections import abc
import datetime
import time
import typing

from heat_upgrade import errors
from heat_upgrade.grenade import cloud as clouds
from heat_upgrade.grenade import environment
from heat_upgrade.grenade import keystone
from heat_upgrade.grenade import logs
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import systemd as heat_units
from heat_upgrade import waiting

INTERVAL = 1

UP = 'up'

VERSIONS = (200, 300)


class Proof:
    """The requirements for a Heat that has been started.

    :param names: names of the units that ran before
    :param since: time (aware) after which the engines must have started
    :param multinode: True if engines of other nodes must be up too
    """

    def __init__(self, cloud: clouds.Cloud, systemd: heat_units.Systemd,
                 names: abc.Collection[str], since: datetime.datetime, *,
                 multinode: bool = False) -> None:
        self._cloud = cloud
        self._systemd = systemd
        self._names = names
        self.since = since
        self._multinode = multinode

    def check_keystone(self) -> None:
        """Raise :class:`run_record.Broken` if Keystone does not answer.

        It was upgraded just before, and that is not Heat's failure.
        """
        if not keystone.answers(self._cloud):
            raise run_record.Broken(
                f'Keystone does not answer at {self._cloud.auth_url}, so Heat '
                'cannot be verified; see journalctl -u devstack@keystone')

    def wrong(self) -> list[str]:
        """Return the requirements that are not met, as texts."""
        try:
            return [*self._units(), *self._apis(), *self._stacks(),
                    *self._engines()]
        except OSError as exc:
            return [str(exc)]

    def _units(self) -> abc.Iterator[str]:
        for name in self._names:
            unit = self._systemd.unit(name)
            if unit is None or not unit.is_up:
                yield (f'the unit {heat_units.full_name(name)} is '
                       f'{unit.state if unit else "gone"}')
            elif unit.since and unit.since < _monotonic(self.since):
                yield (f'the unit {heat_units.full_name(name)} has not been '
                       'started since Heat was stopped')

    def _apis(self) -> abc.Iterator[str]:
        for unit, kind in (('h-api', clouds.ORCHESTRATION),
                           ('h-api-cfn', clouds.CLOUDFORMATION)):
            if unit not in self._names:
                continue
            endpoint = self._cloud.endpoint(kind)
            if endpoint is None:
                yield f'the catalog has no {kind}'
                continue
            url = clouds.root(endpoint)
            response = self._cloud.get(url, authenticated=False)
            if response.status_code not in VERSIONS or (
                    'versions' not in _json(response)):
                yield (f'{url} does not show its versions, but '
                       f'{response.status_code} {response.text[:200]}')

    def _stacks(self) -> abc.Iterator[str]:
        if 'h-api' not in self._names:
            return
        url = f'{self._cloud.endpoint(clouds.ORCHESTRATION)}/stacks'
        response = self._cloud.get(url)
        if response.status_code != 200 or 'stacks' not in _json(response):
            yield (f'{url} does not list stacks, but '
                   f'{response.status_code} {response.text[:200]}')

    def _engines(self) -> abc.Iterator[str]:
        engines = self._cloud.engines()
        # Heat lists a stopped engine for some minutes.
        new = [engine for engine in engines
               if _time(engine['created_at']) >= self.since]
        if not new:
            yield (f'no engine has come up since {self.since:%H:%M:%S} UTC; '
                   f'Heat lists {_listed(engines)}')
        for engine in new:
            if engine['status'] != UP:
                yield f'an engine is not up: {_listed([engine])}'
        # Engines report once a minute: an old engine that has reported since
        # then was not stopped.
        if self._multinode and not any(
                engine['status'] == UP and engine['updated_at']
                and _time(engine['updated_at']) >= self.since
                for engine in engines if engine not in new):
            yield ('no engine that was not stopped has reported since '
                   f'{self.since:%H:%M:%S} UTC, so no node runs the base; '
                   f'Heat lists {_listed(engines)}')


def prove(record: run_record.Record, proof: Proof,
          settings: environment.Settings) -> None:
    """Wait until Heat meets all requirements.

    :raises: :class:`errors.WaitTimeout` that names those that are not met,
        :class:`run_record.Broken` if Keystone does not answer
    """
    last: list[str] = []

    def up() -> bool:
        last[:] = proof.wrong()
        return not last
    try:
        waiting.wait_until(up, timeout=settings.timeout,
                           interval=INTERVAL, what='Heat to be up')
    except errors.WaitTimeout as exc:
        proof.check_keystone()
        raise errors.WaitTimeout(
            f'Heat is not up after {settings.timeout:g} s: '
            f'{(last or [str(exc)])[0]}\n'
            + '\n'.join(last) + '\nSee: journalctl -u devstack@h-eng -u '
            'devstack@h-api -u devstack@h-api-cfn\n'
            + logs.last_tracebacks(record, settings,
                                   proof.since.timestamp()),
            log=record.log('systemctl')) from exc


def _json(response: typing.Any) -> dict[str, typing.Any]:
    try:
        body: dict[str, typing.Any] = response.json()
        return body
    except ValueError:
        return {}


def _time(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(
        tzinfo=datetime.UTC)


def _monotonic(moment: datetime.datetime) -> float:
    """Convert a time of the wall clock to the monotonic clock."""
    return (time.monotonic() - time.time()) + moment.timestamp()


def _listed(engines: abc.Iterable[abc.Mapping[str, typing.Any]]) -> str:
    return '; '.join(
        f'{engine["host"]} {engine["status"]}, '
        f'created {engine["created_at"]}, '
        f'updated {engine["updated_at"]}' for engine in engines) or 'none'

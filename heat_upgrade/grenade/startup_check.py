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

"""Proves that Heat is up: by what it answers, not by its processes' names."""

import datetime
import time

from heat_upgrade import errors
from heat_upgrade.grenade import cloud as clouds
from heat_upgrade.grenade import keystone
from heat_upgrade.grenade import logs
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import systemd as heat_units
from heat_upgrade import waiting

INTERVAL = 1

UP = 'up'

VERSIONS = (200, 300)


class Proof:
    """What is asked of a Heat that has been started.

    :param cloud: :class:`cloud.Cloud`
    :param systemd: :class:`units.Systemd`
    :param names: of the units that ran before
    :param since: time (aware) after which the engines must have started
    :param multinode: whether engines of other nodes must be up too
    """

    def __init__(self, cloud, systemd, names, since, *, multinode=False):
        self._cloud = cloud
        self._systemd = systemd
        self._names = names
        self.since = since
        self._multinode = multinode

    def check_keystone(self):
        """Raise :class:`record.Broken` if Keystone does not answer.

        It has been upgraded just before, and that is not Heat's.
        """
        if not keystone.answers(self._cloud):
            raise run_record.Broken(
                f'Keystone does not answer at {self._cloud.auth_url}, so that '
                'Heat cannot be asked; see journalctl -u devstack@keystone')

    def wrong(self):
        """Return what is not as it must be, as texts."""
        try:
            return [*self._units(), *self._apis(), *self._stacks(),
                    *self._engines()]
        except OSError as exc:
            return [str(exc)]

    def _units(self):
        for name in self._names:
            unit = self._systemd.unit(name)
            if unit is None or not unit.is_up:
                yield (f'the unit {heat_units.full_name(name)} is '
                       f'{unit.state if unit else "gone"}')
            elif unit.since and unit.since < _monotonic(self.since):
                yield (f'the unit {heat_units.full_name(name)} has not been '
                       'started since Heat was stopped')

    def _apis(self):
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

    def _stacks(self):
        if 'h-api' not in self._names:
            return
        url = f'{self._cloud.endpoint(clouds.ORCHESTRATION)}/stacks'
        response = self._cloud.get(url)
        if response.status_code != 200 or 'stacks' not in _json(response):
            yield (f'{url} does not list stacks, but '
                   f'{response.status_code} {response.text[:200]}')

    def _engines(self):
        engines = self._cloud.engines()
        # Of those that were stopped a record stays for some minutes.
        new = [one for one in engines
               if _time(one['created_at']) >= self.since]
        if not new:
            yield (f'no engine has come up since {self.since:%H:%M:%S} UTC; '
                   f'Heat lists {_listed(engines)}')
        for one in new:
            if one['status'] != UP:
                yield f'an engine is not up: {_listed([one])}'
        # What has reported since then was not stopped: engines report once
        # a minute.
        if self._multinode and not any(
                one['status'] == UP and one['updated_at']
                and _time(one['updated_at']) >= self.since
                for one in engines if one not in new):
            yield ('no engine that was not stopped has reported since '
                   f'{self.since:%H:%M:%S} UTC, so nothing goes on with the '
                   f'base; Heat lists {_listed(engines)}')


def prove(record, proof, surroundings):
    """Wait until nothing is wrong any more.

    :param proof: :class:`Proof`
    :raises: :class:`errors.WaitTimeout` that says what still is,
        :class:`record.Broken` if it is Keystone
    """
    last = []

    def up():
        last[:] = proof.wrong()
        return not last
    try:
        waiting.wait_until(up, timeout=surroundings.timeout,
                           interval=INTERVAL, what='Heat to be up')
    except errors.WaitTimeout as exc:
        proof.check_keystone()
        raise errors.WaitTimeout(
            f'Heat is not up after {surroundings.timeout:g} s: '
            f'{(last or [exc])[0]}\n'
            + '\n'.join(last) + '\nSee: journalctl -u devstack@h-eng -u '
            'devstack@h-api -u devstack@h-api-cfn\n'
            + logs.meanwhile(record, surroundings, proof.since.timestamp()),
            log=record.log('systemctl')) from exc


def _json(response):
    try:
        return response.json()
    except ValueError:
        return {}


def _time(text):
    return datetime.datetime.fromisoformat(text).replace(
        tzinfo=datetime.UTC)


def _monotonic(moment):
    """Return a time of the wall clock on the monotonic one."""
    return (time.monotonic() - time.time()) + moment.timestamp()


def _listed(engines):
    return '; '.join(
        f'{one["host"]} {one["status"]}, created {one["created_at"]}, '
        f'updated {one["updated_at"]}' for one in engines) or 'none'

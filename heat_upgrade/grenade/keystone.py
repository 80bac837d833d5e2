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

"""Keystone for the time of the during-upgrade phase.

grenade shuts every project down before it calls ``verify_noapi``, Keystone
too. A cloud whose Heat is upgraded keeps its Keystone, and nobody can be told
whether stacks outlive Heat without a token. What is started is the base's:
nothing of it is upgraded yet.
"""

import contextlib

from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import systemd as heat_units
from heat_upgrade import waiting

UNIT = 'keystone'

ANSWERS = (200, 300)

INTERVAL = 1


@contextlib.contextmanager
def answering(record, systemd, cloud, surroundings, *, say=print):
    """See that Keystone answers meanwhile; leave it as it was.

    :param systemd: :class:`units.Systemd`
    :param cloud: :class:`cloud.Cloud`
    :raises: :class:`record.Broken` if it does not answer and is not on this
        node, does not come up, or goes on: Keystone is not what is upgraded
    """
    if answers(cloud):
        yield
        return
    name = heat_units.full_name(UNIT)
    unit = systemd.unit(UNIT)
    if unit is None:
        raise run_record.Broken(
            f'Keystone does not answer at {cloud.auth_url}, and there is no '
            f'{name} to be started for the time of this phase',
            log=record.log('systemctl'))

    def wait_until(probe, what):
        waiting.wait_until(
            probe, timeout=surroundings.timeout, interval=INTERVAL,
            what=f'{name} to {what}', log=record.log('systemctl'))

    def wait_for_answer():
        with run_record.ours():
            wait_until(lambda: answers(cloud), f'answer at {cloud.auth_url}')
    if not unit.is_down:
        # On its way, or slow: nobody has stopped it, nor shall we.
        wait_for_answer()
        yield
        return
    say(f'heat-upgrade-tests: grenade has stopped Keystone; {name} runs for '
        'the time of this phase')
    try:
        systemd.start(UNIT)
        wait_for_answer()
        yield
    finally:
        systemd.stop([UNIT])
        with run_record.ours():
            wait_until(lambda: systemd.unit(UNIT).is_down, 'be down again')


def answers(cloud):
    """Tell whether Keystone shows its versions."""
    try:
        return cloud.get(cloud.auth_url,
                         authenticated=False).status_code in ANSWERS
    except OSError:
        return False

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

"""Runs Keystone during the during-upgrade phase.

grenade shuts down every project before it calls ``verify_noapi``, Keystone
too. But a cloud whose Heat is upgraded keeps its Keystone, and the tests need
a token. The Keystone of the base is started, because nothing is upgraded yet.
"""

from collections import abc
import contextlib

from heat_upgrade.grenade import cloud as clouds
from heat_upgrade.grenade import environment
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import systemd as heat_units
from heat_upgrade import waiting

UNIT = 'keystone'

ANSWERS = (200, 300)

INTERVAL = 1


@contextlib.contextmanager
def answering(record: run_record.Record, systemd: heat_units.Systemd,
              cloud: clouds.Cloud, settings: environment.Settings, *,
              say: environment.Say = print) -> abc.Iterator[None]:
    """Make sure that Keystone answers in the context; restore its state.

    :raises: :class:`run_record.Broken` if it does not answer and has no unit
        on this node, or does not start or stop: that is not Heat's failure
    """
    if answers(cloud):
        yield
        return
    name = heat_units.full_name(UNIT)
    unit = systemd.unit(UNIT)
    if unit is None:
        raise run_record.Broken(
            f'Keystone does not answer at {cloud.auth_url}, and this node has '
            f'no {name} to start for this phase',
            log=record.log('systemctl'))

    def wait_until(probe: abc.Callable[[], bool], goal: str) -> None:
        waiting.wait_until(
            probe, timeout=settings.timeout, interval=INTERVAL,
            what=f'{name} to {goal}', log=record.log('systemctl'))

    def is_down() -> bool:
        unit = systemd.unit(UNIT)
        return unit is None or unit.is_down

    def wait_for_answer() -> None:
        with run_record.blame_lab():
            wait_until(lambda: answers(cloud), f'answer at {cloud.auth_url}')
    if not unit.is_down:
        # It is starting, or slow: do not stop it afterwards.
        wait_for_answer()
        yield
        return
    say(f'heat-upgrade-tests: grenade has stopped Keystone; {name} runs '
        'during this phase')
    try:
        systemd.start(UNIT)
        wait_for_answer()
        yield
    finally:
        systemd.stop([UNIT])
        with run_record.blame_lab():
            wait_until(is_down, 'be down again')


def answers(cloud: clouds.Cloud) -> bool:
    """Return True if Keystone shows its versions."""
    try:
        return bool(cloud.get(cloud.auth_url, authenticated=False
                              ).status_code in ANSWERS)
    except OSError:
        return False

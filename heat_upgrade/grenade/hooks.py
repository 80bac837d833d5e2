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

"""What each call of a script does: steps of the run, one after the other.

Where Heat's own plugin is registered it stops and upgrades Heat, before us or
after us; then what it has done is proved at the first moment at which it must
have: that Heat is down in ``verify_noapi``, that it is up in ``verify
post-upgrade``.
"""

import datetime
import time

from heat_upgrade.grenade import checks
from heat_upgrade.grenade import cloud as clouds
from heat_upgrade.grenade import configuration
from heat_upgrade.grenade import environment
from heat_upgrade.grenade import keystone
from heat_upgrade.grenade import migration
from heat_upgrade.grenade import phases
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import shutdown_check
from heat_upgrade.grenade import startup_check
from heat_upgrade.grenade import steps
from heat_upgrade.grenade import systemd as heat_units
from heat_upgrade.grenade import tempest
from heat_upgrade.results import findings

# Sides of a verification.
PRE, POST = 'pre-upgrade', 'post-upgrade'

SHUT = 'shut.json'


def create(around, *, say=print):
    """Begin a run with the pre-upgrade phase.

    :param around: :class:`surroundings.Surroundings`
    """
    run_record.begin(around, say=say).close()

    def do(record):
        with record.step(steps.CREATE) as step:
            shutdown_check.remember(record, _systemd(record))
            tempest.write(record, around, clouds.Cloud(around.environ))
            phases.run(record, around, step, say=say)
    return run_record.call(around, do, say=say)


def verify(around, side, *, say=print):
    """Verify the resources: smoke before, all of it afterwards."""
    do = _smoke_base if side == PRE else _post_upgrade
    return run_record.call(around, lambda record: do(record, say), say=say)


def _smoke_base(record, say):
    if not record.plans(steps.SMOKE_BASE):
        say('heat-upgrade-tests: no smoke tests, since scenarios are chosen')
        return
    with record.step(steps.SMOKE_BASE) as step:
        phases.run(record, record.surroundings, step, phase='smoke', say=say)


def _post_upgrade(record, say):
    around = record.surroundings
    if around.heat_registered:
        # Its plugin lets nobody between the installation and the migration.
        with record.step(steps.UPGRADE_CHECK):
            _upgrade_check(record, say)
    with record.step(steps.UP):
        _up(record, around)
        _configuration(record, around)
    if around.partial:
        with record.step(steps.MIXED) as step:
            cloud = clouds.Cloud(around.environ)
            phases.run(record, around, step, say=say,
                       variables=phases.endpoints(around, cloud))
        return
    if record.plans(steps.SMOKE_TARGET):
        with record.step(steps.SMOKE_TARGET) as step:
            phases.run(record, around, step, phase='smoke', say=say)
    with record.step(steps.POST) as step:
        phases.run(record, around, step, say=say)


def shutdown(around, *, say=print):
    """Stop Heat, unless its own plugin does, and prove it down."""
    run_record.ensure(around, say=say)
    return run_record.call(around, lambda record: _shutdown(record, say),
                           say=say)


def _shutdown(record, say):
    around, systemd = record.surroundings, _systemd(record)
    stopped = around.heat_registered and not around.heat_comes_first
    with record.step(steps.KEEP):
        # Before anybody upgrades: Heat's own plugin may come before ours, and
        # then changes it before upgrade.sh is called.
        configuration.keep(around)
    with record.step(steps.SHUTDOWN):
        # With VERIFY_RESOURCES=False nobody has looked before. Once Heat is
        # stopped, only the names of its units are to be seen.
        if not (stopped and shutdown_check.has_remembered(record)):
            names = shutdown_check.remember(record, systemd)
        if not around.heat_registered:
            systemd.stop(names)
        elif around.heat_comes_first:
            say("heat-upgrade-tests: Heat's own plugin stops Heat after us; "
                'verify_noapi proves that it is down')
    if not around.heat_comes_first:
        _down(record, around, systemd)


def _down(record, around, systemd):
    with record.step(steps.DOWN):
        shutdown_check.prove(record, systemd, around)
        # Whatever is up from here on has been started since.
        record.data(SHUT).write_text(str(time.time()))


def verify_noapi(around, *, say=print):
    """Look at what outlives Heat, while it is down."""
    return run_record.call(around, lambda record: _verify_noapi(record, say),
                           say=say)


def _verify_noapi(record, say):
    around, systemd = record.surroundings, _systemd(record)
    _down(record, around, systemd)
    with record.step(steps.DURING) as step:
        with keystone.answering(record, systemd,
                                clouds.Cloud(around.environ), around,
                                say=say):
            phases.run(record, around, step, say=say)


def who(around):
    """Return the name of the project that upgrades Heat."""
    return (environment.HEAT if around.heat_registered
            else environment.PROJECT)


def prepare_upgrade(around, *, say=print):
    """Keep the old configuration, and compare the releases."""
    def do(record):
        with record.step(steps.KEEP):
            configuration.keep(around)
            # What is to be started again; who has not looked is told here.
            shutdown_check.remembered(record)
        if not around.static_checks:
            say('heat-upgrade-tests: the static checks are switched off')
            return
        with record.step(steps.CHECKS) as step:
            checks.run(record, around, step)
    return run_record.call(around, do, say=say)


def units(around):
    """Return the names of the units that ran before the upgrade."""
    with run_record.Record(around) as record:
        return shutdown_check.remembered(record)


def migrate(around, *, say=print):
    """Let Heat check itself, and migrate its database."""
    def do(record):
        with record.step(steps.UPGRADE_CHECK):
            _upgrade_check(record, say)
        with record.step(steps.DB_SYNC):
            if around.multinode:
                with run_record.ours():
                    vhost = configuration.move_to_vhost(record, around)
                say(f'heat-upgrade-tests: the target has the virtual host '
                    f'{vhost}, whoever goes on with the base its own')
            migration.db_sync(record, around, _systemd(record).units(),
                              say=say)
    return run_record.call(around, do, say=say)


def _upgrade_check(record, say):
    migration.upgrade_check(record, record.surroundings,
                            _systemd(record).units(), say=say)


def started(around, *, say=print):
    """Prove that the services that were started are up."""
    def do(record):
        with record.step(steps.UP):
            _up(record, around)
    return run_record.call(around, do, say=say)


def _up(record, around):
    startup_check.prove(record, startup_check.Proof(
        clouds.Cloud(around.environ), _systemd(record),
        shutdown_check.remembered(record), _shut(record),
        multinode=around.partial), around)


def _shut(record):
    """Return when Heat was down.

    :raises: :class:`record.Broken` if nobody has seen that
    """
    try:
        text = record.data(SHUT).read_text()
    except FileNotFoundError as exc:
        raise run_record.Broken(
            'nobody has proved that Heat was down before the upgrade; see '
            'why shutdown.sh and `resources.sh verify_noapi` have not, or '
            'set VERIFY_RESOURCES=True') from exc
    return datetime.datetime.fromtimestamp(
        int(float(text)), tz=datetime.UTC)


def _configuration(record, around):
    """Say what an upgrade has changed of the old configuration."""
    if not configuration.kept(around).exists():
        return
    changed = configuration.changed(around)
    if changed:
        record.finding(findings.make(
            'gate.configuration-changed', 'heat.conf',
            "the upgrade has changed Heat's configuration",
            '\n'.join(changed), step=steps.UP))


def destroy(around, *, say=print):
    """Remove all that the phases have left, and end the run."""
    def do(record):
        try:
            with record.step(steps.DESTROY) as step:
                phases.destroy(record, around, step, say=say)
        finally:
            record.end()
    if not around.run_dir.exists():
        say(f'heat-upgrade-tests: nothing to destroy: no {around.run_dir}')
        return 0
    return run_record.call(around, do, say=say)


def _systemd(record):
    return heat_units.Systemd(record.surroundings, record.log('systemctl'))

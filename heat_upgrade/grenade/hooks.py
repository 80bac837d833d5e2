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

"""The work of each call of a script: some steps of the run.

Where Heat's own plugin is registered, it stops and upgrades Heat, before or
after our plugin. Its work is then verified at the first moment at which it
must be done: ``verify_noapi`` proves that Heat is down, and ``verify
post-upgrade`` that it is up.
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


def create(settings: environment.Settings, *, say: environment.Say = print
           ) -> int:
    """Begin a run with the pre-upgrade phase; returns the exit status."""
    run_record.begin(settings, say=say).close()

    def do(record: run_record.Record) -> None:
        with record.step(steps.CREATE) as step:
            shutdown_check.remember(record, _systemd(record))
            tempest.write(record, settings, clouds.Cloud(settings.environ))
            phases.run(record, settings, step, say=say)
    return run_record.call(settings, do, say=say)


def verify(settings: environment.Settings, side: str, *,
           say: environment.Say = print) -> int:
    """Verify the resources: smoke tests before, all tests afterwards."""
    do = _smoke_base if side == PRE else _post_upgrade
    return run_record.call(settings, lambda record: do(record, say), say=say)


def _smoke_base(record: run_record.Record, say: environment.Say) -> None:
    if not record.plans(steps.SMOKE_BASE):
        say('heat-upgrade-tests: no smoke tests, because only some scenarios '
            'are selected')
        return
    with record.step(steps.SMOKE_BASE) as step:
        phases.run(record, record.settings, step, phase='smoke', say=say)


def _post_upgrade(record: run_record.Record, say: environment.Say) -> None:
    settings = record.settings
    if settings.heat_registered:
        # Its plugin runs no hook between the installation and the migration.
        with record.step(steps.UPGRADE_CHECK):
            _upgrade_check(record, say)
    with record.step(steps.UP):
        _up(record, settings)
        _configuration(record, settings)
    if settings.partial:
        with record.step(steps.MIXED) as step:
            cloud = clouds.Cloud(settings.environ)
            phases.run(record, settings, step, say=say,
                       variables=phases.endpoints(settings, cloud))
        return
    if record.plans(steps.SMOKE_TARGET):
        with record.step(steps.SMOKE_TARGET) as step:
            phases.run(record, settings, step, phase='smoke', say=say)
    with record.step(steps.POST) as step:
        phases.run(record, settings, step, say=say)


def shutdown(settings: environment.Settings, *, say: environment.Say = print
             ) -> int:
    """Stop Heat, unless its own plugin does, and prove that it is down."""
    run_record.ensure(settings, say=say)
    return run_record.call(settings, lambda record: _shutdown(record, say),
                           say=say)


def _shutdown(record: run_record.Record, say: environment.Say) -> None:
    settings, systemd = record.settings, _systemd(record)
    stopped = settings.heat_registered and not settings.heat_comes_first
    with record.step(steps.KEEP):
        # Before any upgrade: Heat's own plugin may come before ours, and then
        # changes the configuration before upgrade.sh is called.
        configuration.keep(settings)
    with record.step(steps.SHUTDOWN):
        # With VERIFY_RESOURCES=False nothing has recorded the units yet. Once
        # Heat is stopped, systemd shows only their names.
        if not (stopped and shutdown_check.has_remembered(record)):
            names = shutdown_check.remember(record, systemd)
        if not settings.heat_registered:
            systemd.stop(names)
        elif settings.heat_comes_first:
            say("heat-upgrade-tests: Heat's own plugin stops Heat after us; "
                'verify_noapi proves that it is down')
    if not settings.heat_comes_first:
        _down(record, settings, systemd)


def _down(record: run_record.Record, settings: environment.Settings,
          systemd: heat_units.Systemd) -> None:
    with record.step(steps.DOWN):
        shutdown_check.prove(record, systemd, settings)
        # Every service that is up later was started after this time.
        record.data(SHUT).write_text(str(time.time()))


def verify_noapi(settings: environment.Settings, *,
                 say: environment.Say = print) -> int:
    """Verify the resources that must survive, while Heat is down."""
    return run_record.call(settings,
                           lambda record: _verify_noapi(record, say), say=say)


def _verify_noapi(record: run_record.Record, say: environment.Say) -> None:
    settings, systemd = record.settings, _systemd(record)
    _down(record, settings, systemd)
    with record.step(steps.DURING) as step:
        with keystone.answering(record, systemd,
                                clouds.Cloud(settings.environ), settings,
                                say=say):
            phases.run(record, settings, step, say=say)


def upgrader(settings: environment.Settings) -> str:
    """Return the name of the project that upgrades Heat."""
    return (environment.HEAT if settings.heat_registered
            else environment.PROJECT)


def prepare_upgrade(settings: environment.Settings, *,
                    say: environment.Say = print) -> int:
    """Save the old configuration, and compare the releases."""
    def do(record: run_record.Record) -> None:
        with record.step(steps.KEEP):
            configuration.keep(settings)
            # Fails here, not later, if the units were never recorded.
            shutdown_check.remembered(record)
        if not settings.static_checks:
            say('heat-upgrade-tests: the static checks are switched off')
            return
        with record.step(steps.CHECKS) as step:
            checks.run(record, settings, step)
    return run_record.call(settings, do, say=say)


def units(settings: environment.Settings) -> list[str]:
    """Return the names of the units that ran before the upgrade."""
    with run_record.Record(settings) as record:
        return shutdown_check.remembered(record)


def migrate(settings: environment.Settings, *, say: environment.Say = print
            ) -> int:
    """Run Heat's own upgrade check, and migrate its database."""
    def do(record: run_record.Record) -> None:
        with record.step(steps.UPGRADE_CHECK):
            _upgrade_check(record, say)
        with record.step(steps.DB_SYNC):
            if settings.multinode:
                with run_record.blame_lab():
                    vhost = configuration.move_to_vhost(record, settings)
                say('heat-upgrade-tests: the target uses the virtual host '
                    f'{vhost}; nodes of the base keep theirs')
            migration.db_sync(record, settings, _systemd(record).units(),
                              say=say)
    return run_record.call(settings, do, say=say)


def _upgrade_check(record: run_record.Record, say: environment.Say) -> None:
    migration.upgrade_check(record, record.settings,
                            _systemd(record).units(), say=say)


def started(settings: environment.Settings, *, say: environment.Say = print
            ) -> int:
    """Prove that the services that were started are up."""
    def do(record: run_record.Record) -> None:
        with record.step(steps.UP):
            _up(record, settings)
    return run_record.call(settings, do, say=say)


def _up(record: run_record.Record, settings: environment.Settings) -> None:
    startup_check.prove(record, startup_check.Proof(
        clouds.Cloud(settings.environ), _systemd(record),
        shutdown_check.remembered(record), _shut(record),
        multinode=settings.partial), settings)


def _shut(record: run_record.Record) -> datetime.datetime:
    """Return the time at which Heat was down.

    :raises: :class:`run_record.Broken` if that was never verified
    """
    try:
        text = record.data(SHUT).read_text()
    except FileNotFoundError as exc:
        raise run_record.Broken(
            'Heat was never verified to be down before the upgrade; find out '
            'why shutdown.sh and `resources.sh verify_noapi` did not, or set '
            'VERIFY_RESOURCES=True') from exc
    return datetime.datetime.fromtimestamp(
        int(float(text)), tz=datetime.UTC)


def _configuration(record: run_record.Record,
                   settings: environment.Settings) -> None:
    """Report the changes of the upgrade to the old configuration."""
    if not configuration.kept(settings).exists():
        return
    changed = configuration.changed(settings)
    if changed:
        record.finding(findings.make(
            'gate.configuration-changed', 'heat.conf',
            "the upgrade has changed Heat's configuration",
            '\n'.join(changed), step=steps.UP))


def destroy(settings: environment.Settings, *, say: environment.Say = print
            ) -> int:
    """Delete the resources of all phases, and end the run."""
    def do(record: run_record.Record) -> None:
        try:
            with record.step(steps.DESTROY) as step:
                phases.destroy(record, settings, step, say=say)
        finally:
            record.end()
    if not settings.run_dir.exists():
        say('heat-upgrade-tests: nothing to destroy: '
            f'{settings.run_dir} does not exist')
        return 0
    return run_record.call(settings, do, say=say)


def _systemd(record: run_record.Record) -> heat_units.Systemd:
    return heat_units.Systemd(record.settings, record.log('systemctl'))

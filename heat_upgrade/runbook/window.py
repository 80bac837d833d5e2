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

"""The window of a runbook, its rollback and the work after it."""

import shlex

from heat_upgrade.runbook import deployment as deployments
from heat_upgrade.runbook import evidence as evidences
from heat_upgrade.runbook import model
from heat_upgrade.runbook import node_changes

ANSWER = 'openstack stack list --limit 1'

_OPEN = ('From the first request that the target accepts, the backup lacks '
         'the work of your users: a return loses it.')


def backup_file(evidence: evidences.Evidence) -> str:
    """Return the name of the file with the backup."""
    return f'heat-before-{evidence.target_version}.sql'


def backup(evidence: evidences.Evidence) -> model.Action:
    """Return the backup of the database."""
    name = backup_file(evidence)
    return model.Action(
        'Back up the database', where=model.DATABASE,
        commands=('mysqldump --single-transaction --routines '
                  f'--add-drop-database --databases heat > {name}',
                  f'tail -n 1 {name}'),
        expected='The last line begins with "-- Dump completed".',
        seconds=evidence.seconds.get('save-database'))


def migrate(evidence: evidences.Evidence,
            deployment: deployments.Deployment, *,
            where: str = model.ONE_NODE, no_return: str = ''
            ) -> tuple[model.Action, ...]:
    """Return Heat's own check and the migration.

    :param no_return: the loss of a return after the migration
    """
    return (
        model.Action(
            "Run Heat's own upgrade check", where=where,
            commands=(deployment.manage('heat-status upgrade check'),),
            expected='Each check has the result "Success" or "Warning".',
            seconds=evidence.seconds.get('upgrade-check')),
        model.Action(
            'Migrate the database', where=where,
            commands=(deployment.manage('heat-manage db_sync'),
                      deployment.manage('heat-manage db_version')),
            expected='The first command ends with status 0; the second '
                     'prints the revision.',
            seconds=(evidence.rehearsed or evidence.seconds).get('db-sync'),
            notes=('Before this action, nothing has changed: start the base '
                   'to return.',), point_of_no_return=no_return))


def cold(evidence: evidences.Evidence,
         deployment: deployments.Deployment) -> model.Section:
    """Return the window of a cold upgrade."""
    return model.Section('window', 'The window', (
        model.Action(
            'Stop Heat', where=model.EVERY_NODE,
            commands=deployment.stop(deployments.SERVICES),
            expected='No process of Heat is left. An engine needs up to a '
                     'minute to finish its work; do not kill it.',
            seconds=evidence.seconds.get('stop-base')),
        backup(evidence), *(
            # An image is there already: it was pulled before the window.
            (deployment.install(),) if deployment.in_place else ()),
        *migrate(evidence, deployment),
        _phase('Test resources while Heat is down', 'during-upgrade',
               evidence.seconds.get('during-upgrade')),
        model.Action(
            'Start Heat', where=model.EVERY_NODE,
            commands=deployment.start(tuple(reversed(deployments.SERVICES))),
            expected='The services keep running.',
            seconds=evidence.seconds.get('start-target'),
            point_of_no_return=_OPEN),
        _answers(),
    ))


def _answers() -> model.Action:
    return model.Action(
        'See that Heat answers', where=model.CLIENT,
        commands=(ANSWER, node_changes.ENGINES),
        expected='The first command succeeds; the second prints "up" for '
                 'the new workers of each node. Old workers are "down".',
        notes=('An engine reports a few seconds after its start; repeat the '
               'commands for up to a minute. The second needs an '
               'administrator.',))


def rolling(evidence: evidences.Evidence,
            deployment: deployments.Deployment,
            nodes: tuple[str, ...]) -> model.Section:
    """Return the window of a rolling upgrade, in the order of Heat's guide.

    The engines of the target use a virtual host of their own.

    :param nodes: names of at least two nodes, in the order of the upgrade
    """
    vhost = deployment.target_vhost
    actions = [
        backup(evidence),
        *migrate(evidence, deployment, where=model.SPARE, no_return=(
            'The base keeps serving, so the backup lacks the later work of '
            'your users. Each node can still return to the code of the '
            'base.')),
        model.Action(
            'Add a virtual host for the target', where=model.BROKER,
            commands=(f'rabbitmqctl add_vhost {vhost}',
                      f'rabbitmqctl set_permissions -p {vhost} heat '
                      '".*" ".*" ".*"'),
            expected='rabbitmqctl list_vhosts prints it.',
            seconds=evidence.seconds.get('add-vhost'))]
    for number, node in enumerate(nodes, 1):
        last = number == len(nodes)
        actions += node_changes.change(
            evidence, deployment, node, model.TARGET, number=number,
            last=last)
        if not last:
            actions.append(_phase('Test the mixed versions', 'mixed-upgrade',
                                  evidence.seconds.get('verify-mixed')))
    return model.Section('window', 'The window', (*actions, _answers()))


def rollback(evidence: evidences.Evidence,
             deployment: deployments.Deployment) -> model.Section:
    """Return the way back from a cold upgrade, with the backup."""
    name = backup_file(evidence)
    reinstall = deployment.reinstall()
    return model.Section('rollback', 'Rollback', (
        model.Action(
            'Stop Heat', where=model.EVERY_NODE,
            commands=deployment.stop(deployments.SERVICES),
            expected='No process of Heat is left.'),
        model.Action(
            'Keep the migrated database, then restore the backup',
            where=model.DATABASE,
            commands=('mysqldump --single-transaction heat > '
                      'heat-migrated.sql', f'mysql < {name}'),
            expected='Both commands end with status 0.'),
        *((reinstall,) if reinstall else ()),
        model.Action(
            'Start the base', where=model.EVERY_NODE,
            commands=deployment.start_base(),
            expected='The services keep running.'),
        _answers(),
    ), notes=(
        'Before the migration, start the base and nothing else. After it, do '
        'all of this.', _OPEN,
        'To keep that work, return to the code of the base without the '
        'backup: Heat supports its code on the migrated schema. '
        + _return(evidence)))


def rolling_rollback(evidence: evidences.Evidence,
                     deployment: deployments.Deployment,
                     nodes: tuple[str, ...]) -> model.Section:
    """Return the way back from a rolling upgrade, node by node.

    The database keeps the schema of the target, so that no work is lost.
    """
    actions: list[model.Action] = []
    for node in reversed(nodes):
        actions += node_changes.change(
            evidence, deployment, node, model.BASE, number=None,
            last=node == nodes[0])
    return model.Section('rollback', 'Rollback', (
        *actions, _answers(),
        _remove_vhost(model.TARGET, deployment.target_vhost),
    ), notes=(
        'Leave out the nodes that still run the base.',
        'The base runs on the migrated schema. ' + _return(evidence),
        'Restore the backup only if the database itself is damaged: stop '
        'Heat on every node first. All work since the backup is lost.'))


def _return(evidence: evidences.Evidence) -> str:
    """Return whether the return to the base was tested."""
    if evidence.returned:
        return 'The run tested this.'
    return ('The run did not test this; heat-upgrade run --strategy rolling '
            f'--rollback node-1 --from {shlex.quote(evidence.base)} --to '
            f'{shlex.quote(evidence.target)} does.')


def afterwards(evidence: evidences.Evidence,
               deployment: deployments.Deployment, *, strategy: str
               ) -> model.Section:
    """Return the verification and the clean-up."""
    return model.Section('afterwards', 'Afterwards', (
        _phase('Verify the recorded stacks', 'post-upgrade',
               evidence.seconds.get('post-upgrade')),
        _phase('Run the smoke tests', 'smoke',
               evidence.seconds.get('smoke-target')),
        model.Action(
            'Remove the test account', where=model.CLIENT,
            commands=('tox -e destroy',),
            expected='The command ends with status 0.',
            seconds=evidence.seconds.get('destroy')),
        model.Action(
            'Remove the records of old engines', where=model.ONE_NODE,
            commands=(deployment.manage('heat-manage service clean'),),
            expected='heat-manage service list prints live engines only.'),
        *(() if strategy == model.COLD
          else (_remove_vhost(model.BASE, deployment.vhost),))))


def _phase(title: str, name: str, seconds: float | None) -> model.Action:
    """Return a phase of the tests.

    :param name: environment of tox
    """
    return model.Action(
        title, where=model.CLIENT, commands=(f'tox -e {name}',),
        expected='All tests pass.', seconds=seconds)


def _remove_vhost(side: str, vhost: str) -> model.Action:
    """Return the removal of the virtual host that a release has left."""
    return model.Action(
        f'Remove the virtual host of the {side}', where=model.BROKER,
        commands=(f'rabbitmqctl delete_vhost {vhost}',),
        expected='rabbitmqctl list_vhosts prints it no longer.',
        notes=('Skip this action if another service uses the virtual host.',))

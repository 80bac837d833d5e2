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

"""Removes everything that the phases created, whichever of them have run.

``python -m heat_integrationtests.destroy`` also works after a phase that
failed half-way, and can be repeated. In an account that the pre phase
created, it removes every stack. In a configured account it removes only the
stacks in the manifests, because other stacks belong to somebody else.
"""

import argparse
from collections import abc
import contextlib
import datetime
import sys
import traceback

from keystoneauth1 import exceptions as auth_exc

from heat_integrationtests import aliases
from heat_integrationtests import clients
from heat_integrationtests import config as own_config
from heat_integrationtests import manifest
from heat_integrationtests import phases
from heat_integrationtests import preflight
from heat_integrationtests import stacks
from heat_integrationtests import tenant
from heat_integrationtests import waiters

# Exit status if a leftover that a phase should have removed was found, or
# something cannot be removed.
LEFT_BEHIND = 1
# Exit status if destroy itself failed, so that the outcome is unknown.
BROKE = 3

# Heat shows a deletion as complete before it removes the accounts of the
# stack (its stack.mark_complete). Seconds to wait for that, and between two
# looks.
SETTLE_TIMEOUT, SETTLE_INTERVAL = 15, 0.5

# Scenarios by name; the values are the contents of their manifests.
Scenarios = dict[str, aliases.Json]


class Destroyer:
    """Removes the account and its stacks, and collects complaints.

    :param directory: the state directory
    :param say: prints a line
    :param settle: (timeout, interval), see SETTLE_TIMEOUT
    """

    def __init__(self, conf: aliases.Configuration, directory: str,
                 say: abc.Callable[[str], None] = print,
                 settle: tuple[float, float]
                 = (SETTLE_TIMEOUT, SETTLE_INTERVAL)) -> None:
        self._conf = conf
        self._directory = directory
        self._say = say
        self._settle = settle
        self.complaints: list[str] = []
        self._stuck = False

    def run(self) -> list[str]:
        """Remove everything.

        :returns: the complaints, as lines of text
        """
        try:
            content = manifest.load(self._directory, tenant.NAME)
        except manifest.Missing:
            self._say(f'Nothing to destroy: no account was created or used '
                      f'in {self._directory}.')
            return self.complaints
        scenarios = self._scenarios()
        if content['own']:
            self._destroy_own(content, scenarios)
        else:
            self._destroy_configured(
                tenant.load(self._conf, self._directory), scenarios)
        if not self._stuck:
            now = datetime.datetime.now(datetime.UTC)
            kept = manifest.archive(
                self._directory, now.strftime('destroyed-%Y%m%dT%H%M%S%f'))
            self._say(f'The manifests are kept in {kept}.')
        return self.complaints

    def _complain(self, text: str) -> None:
        self.complaints.append(text)
        self._say(text)

    def _cannot(self, text: str) -> None:
        """Complain about an obstacle to the removal of the account."""
        self._stuck = True
        self._complain(text)

    def _scenarios(self) -> Scenarios:
        scenarios = {}
        for name in manifest.names(self._directory):
            if name == tenant.NAME:
                continue
            try:
                scenarios[name] = manifest.load(self._directory, name)
            except manifest.ManifestError as error:
                self._complain(str(error))
        return scenarios

    def _destroy_own(self, content: aliases.Json,
                     scenarios: Scenarios) -> None:
        admin = clients.admin(self._conf)
        if admin is None:
            self._cannot(
                f'The project {content["name"]} cannot be removed: an admin '
                'created it, and [auth] admin_* is not set now')
            return
        keystone = clients.Keystone(
            self._conf, clients.shared_session(self._conf, admin))
        # The owner is missing in a partial account, and after an earlier
        # destroy.
        if content['complete'] and keystone.get(
                'users', content['owner']['user_id']) is not None:
            self._delete_own_stacks(content, scenarios)
        self._remove_owed(keystone, scenarios)
        if self._stuck:
            # Without its owner, only an admin could remove a stack, by hand.
            self._say(f'The project {content["name"]} is kept, because '
                      'something in it could not be removed. Repair that, '
                      'and run destroy again.')
            return
        self._remove_keystone_leftovers(keystone, content)
        tenant.remove(content, keystone)
        self._say(f'The project {content["name"]} and its users are '
                  'removed.')

    def _destroy_configured(self, account: tenant.Account,
                            scenarios: Scenarios) -> None:
        """Remove only the stacks in the manifests."""
        for entry in _entries(scenarios):
            identity = (account.operator if entry['as_operator']
                        else account.owner)
            operations = self._operations(identity)
            for stack in _stacks_of(entry, operations):
                if entry['deleted']:
                    self._complain(
                        f'Left behind: stack {stack.name} was deleted by '
                        'its scenario')
                self._delete({stack: operations})
        if account.operator is not None:
            self._remove_owed(
                clients.Keystone(self._conf, clients.shared_session(
                    self._conf, account.operator)), scenarios)

    def _operations(self, identity: clients.Identity | None
                    ) -> stacks.Stacks:
        own = self._conf.heat_integrationtests
        session = clients.shared_session(self._conf, identity)
        return stacks.Stacks(
            clients.heat(self._conf, session), timeout=own.build_timeout,
            interval=own.build_interval,
            interval_max=own.build_interval_max)

    def _delete_own_stacks(self, content: aliases.Json,
                           scenarios: Scenarios) -> None:
        owner = self._operations(clients.Identity(**content['owner']))
        operator = self._operations(clients.Identity(**content['operator']))
        # Listed by the owner, because Heat lists the stacks of all projects
        # to an admin. The project is checked nevertheless.
        listed = [shown for shown in
                  stacks.listed(owner.client, show_nested=True)
                  if any(f'/{content["project_id"]}/' in link['href']
                         for link in shown.links)]
        entries = {entry['id'] or entry['name']: entry
                   for entry in _entries(scenarios)}
        ids = {shown.id for shown in listed}
        deletable = {}
        for shown in listed:
            entry = entries.get(shown.id) or entries.get(shown.stack_name)
            self._judge(shown, entry, ids)
            if not shown.parent:
                deletable[stacks.Stack(shown.stack_name, shown.id)] = (
                    operator if entry and entry['as_operator'] else owner)
        self._delete(deletable)

    def _judge(self, shown: aliases.HeatObject, entry: aliases.Json | None,
               ids: set[str]) -> None:
        subject = (f'Left behind: stack {shown.stack_name} '
                   f'({shown.stack_status})')
        if shown.parent:
            if shown.parent not in ids:
                self._complain(f'{subject} was nested in {shown.parent}, '
                               'which is gone')
        elif entry is None:
            self._complain(f'{subject} is in no manifest')
        elif entry['deleted']:
            self._complain(f'{subject} was deleted by its scenario')

    def _delete(self, deletable: dict[stacks.Stack, stacks.Stacks]) -> None:
        """Delete stacks, all at the same time.

        :param deletable: stacks, each with the operations of its owner
        """
        waiting = {}
        for stack, operations in deletable.items():
            self._say(f'Deleting stack {stack.name}.')
            try:
                if operations.request_deletion(stack):
                    waiting[stack] = operations
            except Exception as error:
                # Continue with the next stack.
                self._cannot(f'Stack {stack.name} cannot be removed: '
                             f'{error}')
        for stack, operations in waiting.items():
            try:
                operations.wait(stack, 'DELETE_COMPLETE')
            except Exception as error:
                self._cannot(f'Stack {stack.name} cannot be removed: '
                             f'{error}')

    def _remove_owed(self, keystone: clients.Keystone,
                     scenarios: Scenarios) -> None:
        for content in scenarios.values():
            for kind, entity_id in content.get('owed', ()):
                if keystone.get(kind, entity_id) is not None:
                    keystone.delete(kind, entity_id)
                    self._say(f'Removed for {content["scenario"]}: {kind} '
                              f'{entity_id}.')

    def _lasting_projects(self, keystone: clients.Keystone,
                          project_id: str) -> list[aliases.Json]:
        """Return the projects of stacks that Heat does not remove."""
        projects: list[aliases.Json] = []

        def look() -> waiters.Look[bool]:
            projects[:] = clients.stack_domain_projects(keystone, project_id)
            return str(projects), None if projects else True

        timeout, interval = self._settle
        with contextlib.suppress(waiters.WaitTimeout):
            waiters.wait_for('Heat to remove the projects of stacks', look,
                             timeout=timeout, interval=interval)
        return projects

    def _remove_keystone_leftovers(self, keystone: clients.Keystone,
                                   content: aliases.Json) -> None:
        """Remove the leftovers of deleted stacks, and complain about them."""
        if 'project_id' not in content:
            return
        for project in self._lasting_projects(
                keystone, content['project_id']):
            self._complain(
                f'Left behind in Keystone: project {project["name"]} of the '
                'users of a stack that is gone')
            keystone.delete('projects', project['id'])
        for kind in ('owner', 'operator'):
            if kind not in content:
                continue
            user = clients.Keystone(self._conf, clients.shared_session(
                self._conf, clients.Identity(**content[kind])))
            try:
                trusts = user.trust_ids(content[kind]['user_id'])
            except auth_exc.Unauthorized:
                # An earlier destroy has removed the user.
                continue
            if trusts:
                # Keystone removes them with the user that created them.
                self._complain(
                    f'Left behind in Keystone: {len(trusts)} trusts of the '
                    f'{kind}, although all stacks are gone')


def _entries(scenarios: Scenarios) -> list[aliases.Json]:
    return [entry for content in scenarios.values()
            for entry in content['stacks'].values()]


def _stacks_of(entry: aliases.Json,
               operations: stacks.Stacks) -> list[stacks.Stack]:
    """Return the existing stacks of a manifest's entry.

    A stack may have been requested before its ID was recorded; then all
    stacks of its name are returned.
    """
    if entry['id'] is not None:
        candidates = [stacks.Stack(entry['name'], entry['id'])]
    else:
        candidates = [stacks.Stack(shown.stack_name, shown.id)
                      for shown in stacks.listed(
                          operations.client, filters={'name': entry['name']})]
    return [stack for stack in candidates if not operations.is_gone(stack)]


def main(argv: list[str] | None = None) -> int:
    """Remove everything that the phases created; return the exit status."""
    parser = argparse.ArgumentParser(
        prog='python -m heat_integrationtests.destroy',
        description='Removes the stacks, users and project of the upgrade '
                    'tests from the cloud that TEMPEST_CONFIG describes.',
        epilog=f'Exit status: 0 everything is removed; {LEFT_BEHIND} a '
               'leftover that a phase should have removed was found, or '
               'something cannot be removed; 2 usage error; '
               f'{BROKE} destroy failed and the outcome is unknown.')
    parser.add_argument('--state-dir', metavar='DIR',
                        help='the directory of the manifests')
    arguments = parser.parse_args(argv)
    complaint = phases.no_configuration()
    if complaint:
        parser.error(complaint)
    try:
        return _destroy(arguments, parser)
    except Exception:
        # Python's own exit status, 1, would mean LEFT_BEHIND.
        traceback.print_exc()
        return BROKE


def _destroy(arguments: argparse.Namespace,
             parser: argparse.ArgumentParser) -> int:
    preflight.check()
    # Imported here, because the import reads TEMPEST_CONFIG.
    from tempest import config
    conf = config.CONF
    try:
        directory = own_config.state_dir(
            conf.heat_integrationtests,
            phases.environment(arguments.state_dir))
    except own_config.NoStateDirectory as error:
        parser.error(str(error))
    with tenant.lock(directory):
        complaints = Destroyer(conf, directory).run()
    return LEFT_BEHIND if complaints else 0


if __name__ == '__main__':
    sys.exit(main())

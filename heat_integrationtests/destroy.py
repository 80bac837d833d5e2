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

"""Removes what the phases have left, whichever of them have run.

``python -m heat_integrationtests.destroy`` works also after a phase that
failed half-way, and can be run twice. In an account that we made, every
stack goes; in a given account only those that the manifests name, since
the rest is somebody else's.
"""

import argparse
import contextlib
import datetime
import sys
import traceback

from keystoneauth1 import exceptions as auth_exc

from heat_integrationtests import clients
from heat_integrationtests import config as own_config
from heat_integrationtests import manifest
from heat_integrationtests import phases
from heat_integrationtests import preflight
from heat_integrationtests import stacks
from heat_integrationtests import tenant
from heat_integrationtests import waiters

# What destroy ends with when something was left behind that should have
# been gone, or could not be removed.
LEFT_BEHIND = 1
# What it ends with when it broke itself: nothing is known.
BROKE = 3

# Heat shows a deletion as complete before it removes the accounts of the
# stack (its stack.mark_complete): seconds that it has for that, and between
# two looks.
SETTLE_TIMEOUT, SETTLE_INTERVAL = 15, 0.5


class Destroyer:
    """Removes an account and what is in it, and keeps a list of complaints.

    :param conf: tempest's configuration
    :param directory: the state directory
    :param say: prints a line
    :param settle: (timeout, interval), see SETTLE_TIMEOUT
    """

    def __init__(self, conf, directory, say=print,
                 settle=(SETTLE_TIMEOUT, SETTLE_INTERVAL)):
        self._conf = conf
        self._directory = directory
        self._say = say
        self._settle = settle
        self.complaints = []
        self._stuck = False

    def run(self):
        """Remove everything.

        :returns: the complaints, as lines of text
        """
        try:
            content = manifest.load(self._directory, tenant.NAME)
        except manifest.Missing:
            self._say(f'Nothing to destroy: no account was made or used '
                      f'in {self._directory}.')
            return self.complaints
        scenarios = self._scenarios()
        if content['own']:
            self._own(content, scenarios)
        else:
            self._given(tenant.load(self._conf, self._directory),
                        scenarios)
        if not self._stuck:
            now = datetime.datetime.now(datetime.timezone.utc)
            kept = manifest.archive(
                self._directory, now.strftime('destroyed-%Y%m%dT%H%M%S%f'))
            self._say(f'The manifests are kept in {kept}.')
        return self.complaints

    def _complain(self, text):
        self.complaints.append(text)
        self._say(text)

    def _cannot(self, text):
        """Complain of what keeps the account from being removed."""
        self._stuck = True
        self._complain(text)

    def _scenarios(self):
        found = {}
        for name in manifest.names(self._directory):
            if name == tenant.NAME:
                continue
            try:
                found[name] = manifest.load(self._directory, name)
            except manifest.ManifestError as error:
                self._complain(str(error))
        return found

    def _own(self, content, scenarios):
        admin = clients.admin(self._conf)
        if admin is None:
            self._cannot(
                f'The project {content["name"]} was made by an admin, and '
                '[auth] admin_* is not set now: it cannot be removed')
            return
        keystone = clients.Keystone(
            self._conf, clients.shared_session(self._conf, admin))
        # Not there: made in part, or removed by an earlier destroy.
        if content['complete'] and keystone.get(
                'users', content['owner']['user_id']) is not None:
            self._own_stacks(content, scenarios)
        self._owed(keystone, scenarios)
        if self._stuck:
            # Without its owner a stack could only be removed by hand.
            self._say(f'The project {content["name"]} is kept, since '
                      'something is left in it; run destroy again when '
                      'that is repaired.')
            return
        self._keystone_leftovers(keystone, content)
        tenant.remove(content, keystone)
        self._say(f'The project {content["name"]} and its users are '
                  'removed.')

    def _given(self, given, scenarios):
        """Remove what the manifests name, and nothing else."""
        for entry in _entries(scenarios):
            identity = (given.operator if entry['as_operator']
                        else given.owner)
            operations = self._operations(identity)
            for stack in _stacks_of(entry, operations):
                if entry['deleted']:
                    self._complain(
                        f'Left behind: stack {stack.name} was deleted by '
                        'its scenario')
                self._delete({stack: operations})
        if given.operator is not None:
            self._owed(clients.Keystone(self._conf, clients.shared_session(
                self._conf, given.operator)), scenarios)

    def _operations(self, identity):
        own = self._conf.heat_integrationtests
        session = clients.shared_session(self._conf, identity)
        return stacks.Stacks(
            clients.heat(self._conf, session), timeout=own.build_timeout,
            interval=own.build_interval,
            interval_max=own.build_interval_max)

    def _own_stacks(self, content, scenarios):
        owner = self._operations(clients.Identity(**content['owner']))
        operator = self._operations(clients.Identity(**content['operator']))
        # Listed by the owner: to an admin Heat shows all projects' stacks.
        # That they are of this one is looked at nevertheless.
        listed = [found for found in
                  stacks.listed(owner.client, show_nested=True)
                  if any(f'/{content["project_id"]}/' in link['href']
                         for link in found.links)]
        entries = {entry['id'] or entry['name']: entry
                   for entry in _entries(scenarios)}
        known = {found.id for found in listed}
        asked = {}
        for found in listed:
            entry = entries.get(found.id) or entries.get(found.stack_name)
            self._judge(found, entry, known)
            if not found.parent:
                asked[stacks.Stack(found.stack_name, found.id)] = (
                    operator if entry and entry['as_operator'] else owner)
        self._delete(asked)

    def _judge(self, found, entry, known):
        what = (f'Left behind: stack {found.stack_name} '
                f'({found.stack_status})')
        if found.parent:
            if found.parent not in known:
                self._complain(f'{what} was nested in {found.parent}, which '
                               'is gone')
        elif entry is None:
            self._complain(f'{what} is in no manifest')
        elif entry['deleted']:
            self._complain(f'{what} was deleted by its scenario')

    def _delete(self, asked):
        """Delete stacks, all at the same time.

        :param asked: a dictionary of stacks.Stack to the stacks.Stacks
            that may delete it
        """
        waiting = {}
        for stack, operations in asked.items():
            self._say(f'Deleting stack {stack.name}.')
            try:
                if operations.request_deletion(stack):
                    waiting[stack] = operations
            except Exception as error:
                # The next stack is to be removed in any case.
                self._cannot(f'Stack {stack.name} cannot be removed: '
                             f'{error}')
        for stack, operations in waiting.items():
            try:
                operations.wait(stack, 'DELETE_COMPLETE')
            except Exception as error:
                self._cannot(f'Stack {stack.name} cannot be removed: '
                             f'{error}')

    def _owed(self, keystone, scenarios):
        for content in scenarios.values():
            for kind, entity_id in content.get('owed', ()):
                if keystone.get(kind, entity_id) is not None:
                    keystone.delete(kind, entity_id)
                    self._say(f'Removed of {content["scenario"]}: {kind} '
                              f'{entity_id}.')

    def _lasting_projects(self, keystone, project_id):
        """Give the projects of stacks that Heat does not remove."""
        found = []

        def look():
            found[:] = clients.stack_domain_projects(keystone, project_id)
            return str(found), None if found else ()

        timeout, interval = self._settle
        with contextlib.suppress(waiters.WaitTimeout):
            waiters.wait_for('Heat to remove the projects of stacks', look,
                             timeout=timeout, interval=interval)
        return found

    def _keystone_leftovers(self, keystone, content):
        """Look for what Heat has made for stacks that are gone."""
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
                # They end with the user who gave them.
                self._complain(
                    f'Left behind in Keystone: {len(trusts)} trusts of the '
                    f'{kind}, although all stacks are gone')


def _entries(scenarios):
    return [entry for content in scenarios.values()
            for entry in content['stacks'].values()]


def _stacks_of(entry, operations):
    """Give the stacks that a manifest's entry is about, as far as there.

    A stack may have been asked for without that its id was recorded.
    """
    if entry['id'] is not None:
        found = [stacks.Stack(entry['name'], entry['id'])]
    else:
        found = [stacks.Stack(one.stack_name, one.id)
                 for one in stacks.listed(operations.client, filters={
                     'name': entry['name']})]
    return [stack for stack in found if not operations.is_gone(stack)]


def main(argv=None):
    """Remove what the phases have left, and say so."""
    parser = argparse.ArgumentParser(
        prog='python -m heat_integrationtests.destroy',
        description='Removes the stacks, users and project of the upgrade '
                    'tests from the cloud that TEMPEST_CONFIG describes.',
        epilog=f'Exit status: 0 all is gone; {LEFT_BEHIND} something was '
               'left behind that a phase should have removed, or cannot be '
               f'removed; 2 usage; {BROKE} it could not be told.')
    parser.add_argument('--state-dir', metavar='DIR',
                        help='where the phases have left their manifests')
    known = parser.parse_args(argv)
    complaint = phases.no_configuration()
    if complaint:
        parser.error(complaint)
    try:
        return _destroy(known, parser)
    except Exception:
        # Python's own status for this means that something was left.
        traceback.print_exc()
        return BROKE


def _destroy(known, parser):
    preflight.check()
    # Imported here: it reads TEMPEST_CONFIG.
    from tempest import config
    conf = config.CONF
    try:
        directory = own_config.state_dir(
            conf.heat_integrationtests,
            phases.environment(known.state_dir))
    except own_config.NoStateDirectory as error:
        parser.error(str(error))
    with tenant.lock(directory):
        complaints = Destroyer(conf, directory).run()
    return LEFT_BEHIND if complaints else 0


if __name__ == '__main__':
    sys.exit(main())

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

"""A broken part makes grenade red, in the script that it belongs to."""

from heat_upgrade.tests.functional.grenade import case

# oslo.upgradecheck: 2 forbids the upgrade.
FORBIDS = '''\
#!/bin/bash
echo "| Check: something | Result: Failure |"
exit 2
'''


# Of the engine's code: what was stored before it was loaded.
LOADING = '    def _from_db(cls, context, stack,'
CANNOT_LOAD = """\
    _LOADED = __import__('datetime').datetime.utcnow()

    @classmethod
    def _from_db(cls, context, stack, *args, **kwargs):
        if stack.created_at < cls._LOADED:
            raise RuntimeError('cannot load on purpose')
        return cls._of_db(context, stack, *args, **kwargs)

    @classmethod
    def _of_db(cls, context, stack,"""

# Of what is in the database: the target encrypts it in a way of its own, which
# it can read, and the base cannot.
ENCRYPTED = """\
    return 'cryptography_decrypt_v1', encodeutils.safe_decode(res)


"""
ENCRYPTED_ANEW = """\
    return 'cryptography_decrypt_v2', encodeutils.safe_decode(res)


def cryptography_decrypt_v2(value, encryption_key=None):
    return cryptography_decrypt_v1(value, encryption_key)


"""


class BrokenTest(case.GrenadeTestCase):

    def test_an_engine_that_cannot_load_stored_stacks(self):
        one = self.make_node(external=True)
        one.plant_code('heat/engine/stack.py', '    @classmethod\n' + LOADING,
                       CANNOT_LOAD)
        self.assert_fails(one, 'resources.sh verify post-upgrade',
                          step='post-upgrade',
                          evidence='cannot load on purpose', failure_class=2)

    def test_a_target_that_stores_what_the_subnodes_base_cannot_read(self):
        one = self.make_node(external=True, multinode=True)
        one.plant_code('heat/common/crypt.py', ENCRYPTED, ENCRYPTED_ANEW)
        # All that the base's API says: its engine's log is on the other node.
        self.assert_fails(one, 'resources.sh verify post-upgrade',
                          step='mixed', failure_class=5,
                          evidence='ERROR: Internal Error')

    def test_a_check_of_heats_own_that_forbids_the_upgrade(self):
        one = self.make_node()
        one.plant_program('heat-status', FORBIDS)
        self.assert_fails(one, 'upgrade.sh', step='upgrade-check',
                          evidence='Result: Failure', failure_class=4)
        self.assertFalse([line for line in case.called(one)
                          if 'db_sync' in line])

    def test_a_unit_that_does_not_go_down(self):
        one = self.make_node(devstack=['SERVICE_TIMEOUT=5'])
        one.systemd.stubborn.add('devstack@h-eng.service')
        self.assert_fails(one, 'shutdown.sh', step='down', failure_class=8,
                          evidence='the unit devstack@h-eng.service is '
                          'deactivating')

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

"""How the options of two releases differ."""

import dataclasses

import ddt
import testtools

from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import options

PLAIN = options.Option('DEFAULT', 'size')


def of(*opts):
    return {option.key: option for option in opts}


def other(**changed):
    return dataclasses.replace(PLAIN, **changed)


def kinds(base, target):
    return [(change.kind, change.key)
            for change in comparison.changes(of(*base), of(*target))]


# {name: (option in the base, option in the target, kind of the change)}
CHANGES = {
    'another default': (other(default=1), other(default=2),
                        comparison.DEFAULT),
    'a default at last': (other(), other(default=2), comparison.DEFAULT),
    'other samples': (other(default='a', sample_default='x'),
                      other(default='b', sample_default='y'),
                      comparison.DEFAULT),
    'a narrower type': (other(), other(type={'class': 'Integer'}),
                        comparison.NARROWED),
    'another type': (other(type={'class': 'Boolean'}),
                     other(type={'class': 'Integer'}), comparison.RETYPED),
    'one value only': (other(multi=True), other(), comparison.RETYPED),
    'required': (other(), other(required=True), comparison.REQUIRED),
    'an announcement': (other(), other(deprecated=True),
                        comparison.DEPRECATED),
    'no longer listed': (other(), other(listed=False), comparison.UNLISTED),
}

# {name: (option in the base, option in the target)}
HARMLESS = {
    'the same': (PLAIN, PLAIN),
    'nothing, spelled differently': (other(default=''), other()),
    'a default of this machine': (
        other(default='one', sample_default='<Hostname>'),
        other(default='two', sample_default='<Hostname>')),
    'a sample for the same default': (other(default='a'), other(
        default='a', sample_default='b')),
    'equal numbers': (other(default=60), other(default=60.0)),
    'several values': (other(), other(multi=True)),
    'required, but with a default': (
        other(default=1), other(default=1, required=True)),
    'an announcement withdrawn': (other(deprecated=True), PLAIN),
    'an old name more': (PLAIN, other(old_names=frozenset({('a', 'b')}))),
    'never listed': (other(listed=False), other(listed=False, default=7)),
}


@ddt.ddt
class TestChanges(testtools.TestCase):

    @ddt.data(*CHANGES)
    def test_change_is_reported(self, name):
        base, target, kind = CHANGES[name]
        self.assertEqual([(kind, PLAIN.key)], kinds([base], [target]))

    @ddt.data(*HARMLESS)
    def test_harmless_change_is_not_reported(self, name):
        base, target = HARMLESS[name]
        self.assertEqual([], kinds([base], [target]))

    def test_new_option_is_no_change(self):
        self.assertEqual([], kinds([], [PLAIN]))

    def test_required_option_in_a_new_section_is_no_change(self):
        new = options.Option('fresh', 'url', required=True)
        self.assertEqual([], kinds([PLAIN], [PLAIN, new]))
        beside = options.Option('DEFAULT', 'url', required=True)
        self.assertEqual([(comparison.REQUIRED, beside.key)],
                         kinds([PLAIN], [PLAIN, beside]))

    def test_new_limit_is_reported(self):
        limit = options.Option('DEFAULT', 'max_things', default=8)
        self.assertEqual([(comparison.LIMIT, limit.key)],
                         kinds([PLAIN], [PLAIN, limit]))
        for harmless in (dataclasses.replace(limit, default=-1),
                         dataclasses.replace(limit, default=None),
                         dataclasses.replace(limit, owner='oslo.db'),
                         dataclasses.replace(limit, group='fresh'),
                         dataclasses.replace(limit, dest='things')):
            self.assertEqual([], kinds([PLAIN], [PLAIN, harmless]))

    def test_renamed_limit_is_not_new(self):
        limit = options.Option('DEFAULT', 'max_size', default=8,
                               old_names=frozenset({PLAIN.key}))
        self.assertNotIn((comparison.LIMIT, limit.key),
                         kinds([PLAIN], [limit]))

    def test_missing_option_is_removed(self):
        self.assertEqual([(comparison.REMOVED, PLAIN.key)],
                         kinds([PLAIN], []))

    def test_option_whose_name_is_still_read_is_renamed(self):
        new = options.Option('limits', 'size',
                             old_names=frozenset({PLAIN.key}))
        change, = comparison.changes(of(PLAIN), of(new))
        self.assertEqual((comparison.RENAMED, PLAIN.key, new.key),
                         (change.kind, change.key, change.instead))

    def test_renamed_option_may_have_another_default(self):
        new = options.Option('limits', 'size', default=3,
                             old_names=frozenset({PLAIN.key}))
        self.assertEqual([comparison.RENAMED, comparison.DEFAULT],
                         [kind for kind, _ in kinds([PLAIN], [new])])

    def test_old_name_that_is_no_longer_read_is_reported(self):
        base = other(old_names=frozenset({('old', 'size')}))
        change, = comparison.changes(of(base), of(PLAIN))
        self.assertEqual(
            (comparison.OLD_NAME_GONE, ('old', 'size'), PLAIN.key),
            (change.kind, change.key, change.instead))

    def test_old_name_of_a_renamed_option_leads_to_the_new_name(self):
        base = other(old_names=frozenset({('old', 'size')}))
        new = options.Option('limits', 'size',
                             old_names=frozenset({PLAIN.key}))
        successors = {change.key: change.instead
                      for change in comparison.changes(of(base), of(new))}
        self.assertEqual({PLAIN.key: new.key, ('old', 'size'): new.key},
                         successors)

    def test_old_names_of_a_removed_option_are_not_reported(self):
        base = other(old_names=frozenset({('old', 'size')}))
        self.assertEqual([(comparison.REMOVED, PLAIN.key)],
                         kinds([base], []))

    def test_removed_option_that_was_an_old_name_has_a_successor(self):
        # [keystone_authtoken] auth_uri was both, for nine years.
        heir = options.Option('DEFAULT', 'area',
                              old_names=frozenset({PLAIN.key}))
        change, = comparison.changes(
            of(PLAIN, heir),
            of(dataclasses.replace(heir, old_names=frozenset())))
        self.assertEqual((comparison.REMOVED, heir.key),
                         (change.kind, change.instead))

    def test_change_of_a_list_shows_only_the_changed_items(self):
        self.assertEqual('removed: b; added: c',
                         comparison.default_change(
                             other(default=['a', 'b']),
                             other(default=['a', 'c'])))


class TestFolded(testtools.TestCase):

    def family(self, change, size):
        base = [options.Option(f'clients_{number}', 'kind')
                for number in range(size)]
        target = [dataclasses.replace(option, **change) for option in base]
        return comparison.folded(comparison.changes(of(*base), of(*target)))

    def test_same_change_of_many_sections_is_one_change(self):
        change, = self.family({'default': 1}, 4)
        self.assertEqual(('clients_1', 'clients_2', 'clients_3'),
                         change.also)

    def test_same_change_of_two_sections_is_two_changes(self):
        self.assertEqual([(), ()], [change.also for change in
                                    self.family({'default': 1}, 2)])

    def test_removals_are_not_folded(self):
        base = of(*(options.Option(f'clients_{number}', 'kind')
                    for number in range(4)))
        self.assertEqual(4, len(comparison.folded(
            comparison.changes(base, {}))))

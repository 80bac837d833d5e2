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

"""Announcements of changes, and the release notes."""

import dataclasses
import io
import pathlib
import subprocess
import tarfile
import types

import ddt
import fixtures
import testtools

from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import release_notes
from heat_upgrade.checks.config import reporting

SIZE = options.Option('limits', 'size', owner_version='26.0.2',
                      namespaces=('heat.a',))
GONE = comparison.Change(comparison.REMOVED, SIZE.key, SIZE, None)


def noted(section, text='The ``[limits] size`` option is of no use.'):
    return release_notes.Sources(
        'an sdist', (release_notes.Note('notes/a.yaml', section, text),)
    )


def past(**sources):
    return deprecations.History('26.0.2', '27.0.1', **sources)


def gone(**changed):
    return dataclasses.replace(
        GONE, base=dataclasses.replace(SIZE, **changed))


@ddt.ddt
class TestCycle(testtools.TestCase):

    @ddt.data(('Queens', True, 10), ('zed', False, 19), ('2023.1', True, 20),
              ('2026.2', False, 27), ('9.0.0', True, 9), ('9.0.0', False,
                                                          None),
              ('some day', True, None))
    @ddt.unpack
    def test_text_names_a_release_of_heat(self, since, own, expected):
        self.assertEqual(expected, deprecations.cycle(since, own))


class TestAnnouncement(testtools.TestCase):

    def finding(self, change, **sources):
        return reporting.finding(change, past(**sources), {})

    def test_removal_without_an_announcement_is_an_error(self):
        finding = self.finding(GONE)
        self.assertEqual(
            ('error', '[limits] size is removed without a deprecation'),
            (finding.severity, finding.title))

    def test_deprecation_in_the_base_is_an_announcement(self):
        finding = self.finding(gone(deprecated=True, since='24.0.0',
                                    reason='It was unused'))
        self.assertEqual(('warning', '[limits] size is removed, as announced'),
                         (finding.severity, finding.title))
        self.assertIn('since 24.0.0, 3 releases before; It was unused',
                      finding.evidence)

    def test_note_of_the_base_is_an_announcement(self):
        self.assertEqual('warning', self.finding(
            GONE, base=noted('deprecations')).severity)

    def test_note_of_the_target_alone_is_no_announcement(self):
        self.assertEqual('error', self.finding(
            GONE, target=noted('deprecations')).severity)

    def test_upgrade_note_is_no_announcement(self):
        finding = self.finding(GONE, base=noted('upgrade'))
        self.assertEqual('error', finding.severity)
        self.assertIn('Notes: notes/a.yaml (upgrade): The ``[limits] size``',
                      finding.evidence)

    def test_evidence_says_if_no_note_names_the_option(self):
        finding = self.finding(GONE, target=noted('upgrade', 'Nothing.'))
        self.assertIn('no upgrade note of an sdist names it',
                      finding.evidence)

    def test_evidence_says_if_notes_are_not_available(self):
        self.assertIn('Notes: not available, because both releases are '
                      'installed from wheels', self.finding(GONE).evidence)

    def test_option_of_a_library_follows_the_same_rule(self):
        finding = self.finding(gone(owner='oslo.cache', heats=False))
        self.assertEqual(
            ('error', '[limits] size of oslo.cache is removed without a '
                      'deprecation'), (finding.severity, finding.title))
        self.assertIn('Owner: oslo.cache', finding.evidence)

    def test_old_name_is_an_announcement(self):
        self.assertEqual('warning', self.finding(dataclasses.replace(
            GONE, kind=comparison.OLD_NAME_GONE, key=('old', 'size'),
            instead=SIZE.key)).severity)

    def test_undocumented_values_are_no_error(self):
        narrowed = dataclasses.replace(GONE, kind=comparison.NARROWED,
                                       target=SIZE, documented=False)
        self.assertEqual('warning', self.finding(narrowed).severity)
        self.assertEqual('error', self.finding(dataclasses.replace(
            narrowed, documented=True)).severity)

    def test_similar_new_option_is_a_hint(self):
        new = options.Option('limits', 'sizes')
        self.assertIn('Similar new options: [limits] sizes', reporting.finding(
            GONE, past(), {new.key: new}).evidence)


class TestNotes(testtools.TestCase):

    def names(self, text, key):
        return bool(release_notes.naming(noted('upgrade', text), key))

    def test_note_names_an_option_with_its_section(self):
        self.assertTrue(self.names('``[a] size`` goes', ('a', 'size')))
        self.assertTrue(self.names('in ``[a]``:\n- ``size``', ('a', 'size')))
        self.assertTrue(self.names('[a].the-size goes', ('a', 'the_size')))

    def test_same_name_in_another_section_is_another_option(self):
        self.assertFalse(self.names('``[b] size`` goes', ('a', 'size')))
        self.assertFalse(self.names('``[b] size`` goes', ('DEFAULT', 'size')))
        self.assertFalse(self.names('``[a] sizes`` go', ('a', 'size')))

    def test_section_default_need_not_be_named(self):
        self.assertTrue(self.names('``a_size`` goes', ('DEFAULT', 'a_size')))

    def test_common_word_does_not_name_an_option(self):
        self.assertFalse(self.names('the size grows', ('DEFAULT', 'size')))
        self.assertTrue(self.names('``[DEFAULT] size`` goes',
                                   ('DEFAULT', 'size')))

    def test_note_may_name_a_whole_section(self):
        self.assertTrue(self.names('The options in ``[a]`` section go',
                                   ('a', 'size')))
        self.assertFalse(self.names('The following options in ``[a]`` go: b',
                                    ('a', 'size')))

    def subject(self, **release):
        return types.SimpleNamespace(
            name='27.0.1', release=types.SimpleNamespace(
                **{'kind': 'release', 'source': None, **release}))

    def sdist(self, path, files):
        with tarfile.open(path, 'w:gz') as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(f'openstack_heat-27.0.1/{name}')
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))

    def test_sdist_in_the_cache_has_notes(self):
        home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(fixtures.EnvironmentVariable('XDG_CACHE_HOME',
                                                     str(home)))
        self.assertIsNone(release_notes.of(self.subject()).sample)
        kept = home / 'heat-upgrade' / 'sdists'
        kept.mkdir(parents=True)
        self.sdist(kept / 'openstack_heat-27.0.1.tar.gz', {
            'releasenotes/notes/a.yaml': 'upgrade:\n  - one\n  - two\n',
            'releasenotes/notes/b.yaml': 'no: [yaml',
            'etc/heat/heat-config-generator.conf': 'namespace = oslo.log\n'})
        sources = release_notes.of(self.subject())
        self.assertEqual([('upgrade', 'one'), ('upgrade', 'two')],
                         [(note.section, note.text) for note in sources.notes])
        self.assertEqual('namespace = oslo.log\n', sources.sample)

    def test_wheel_has_the_recorded_notes(self):
        sources = release_notes.of(self.subject(
            kind='file', source=pathlib.Path('/a/openstack_heat.whl')))
        notes = release_notes.naming(
            sources, ('oslo_policy', 'enforce_scope'), release_notes.UPGRADE)
        self.assertIn('27.0.1', [release_notes.first_release(sources, note)
                                 for note in notes])

    def test_recorded_notes_are_those_up_to_the_release(self):
        key = ('ec2authtoken', 'auth_uri')
        found = {version: [
            (note.section, release_notes.first_release(sources, note))
            for sources in [release_notes.recorded(version)]
            for note in release_notes.naming(sources, key)
            if note.section != 'features']
            for version in ('22.0.0', '25.0.2', '26.0.2', '27.0.1')}
        self.assertEqual({
            '22.0.0': [], '25.0.2': [],
            '26.0.2': [('deprecations', '26.0.2')],
            '27.0.1': [('deprecations', '26.0.2'), ('upgrade', '27.0.1')]},
            found)

    def test_tags_of_a_checkout_show_the_first_release(self):
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

        def git(*words):
            subprocess.run(['git', '-C', top, '-c', 'user.name=t', '-c',
                            'user.email=t@localhost', *words], check=True,
                           capture_output=True)
        (top / 'releasenotes/notes').mkdir(parents=True)
        git('init', '--quiet')
        for name, tags in (('a', ('25.0.0.0rc1', '25.0.0')),
                           ('b', ('26.0.0',)), ('c', ())):
            (top / f'releasenotes/notes/{name}.yaml').write_text(
                f'deprecations:\n  - "[limits] size, says {name}"\n')
            git('add', '.')
            git('commit', '--quiet', '-m', name)
            for tag in tags:
                git('tag', tag)
        sources = release_notes.of(self.subject(kind='checkout', source=top))
        self.assertEqual(['25.0.0', '26.0.0', None], [
            release_notes.first_release(sources, note)
            for note in sources.notes])
        announced, how = deprecations.announcement(GONE, past(target=sources))
        self.assertTrue(announced)
        self.assertIn('a.yaml (deprecations), first in 25.0.0', how)

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

"""From pip's settings to uv's variables."""

import importlib.util
import os
import stat
import subprocess

import ddt
import fixtures
import testtools

from heat_upgrade.tests.zuul import playbook_case


def _load():
    """Return the role's program as a module."""
    spec = importlib.util.spec_from_file_location(
        'uv_settings', playbook_case.TOP / 'roles' / 'heat-upgrade-install'
        / 'files' / 'uv_settings.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


uv_settings = _load()


@ddt.ddt
class SettingsTest(testtools.TestCase):

    @ddt.data(
        # As configure-mirrors of zuul-jobs writes /etc/pip.conf.
        ("global.index-url='https://mirror/pypi/simple'\n"
         "global.trusted-host='mirror'\n"
         "global.extra-index-url='https://mirror/wheel/debian-12'\n"
         "global.timeout='60'\n",
         {'UV_DEFAULT_INDEX': 'https://mirror/pypi/simple',
          'UV_INSECURE_HOST': 'mirror',
          'UV_INDEX': 'https://mirror/wheel/debian-12',
          'UV_INDEX_STRATEGY': 'unsafe-best-match',
          'UV_HTTP_TIMEOUT': '60'}),
        # Several, as pip writes them: on lines of their own.
        ("global.find-links='\\n/opt/a\\n/opt/b'\n"
         "global.extra-index-url='http://a\\nhttp://b'\n",
         {'UV_FIND_LINKS': '/opt/a,/opt/b', 'UV_INDEX': 'http://a http://b',
          'UV_INDEX_STRATEGY': 'unsafe-best-match'}),
        # A variable of the caller's counts more than any file, and what is
        # for the installation more than what is for all.
        (":env:.index-url='http://env'\nglobal.index-url='http://global'\n"
         "install.index-url='http://install'\n",
         {'UV_DEFAULT_INDEX': 'http://env'}),
        ("install.index-url='http://install'\n"
         "global.index-url='http://global'\n",
         {'UV_DEFAULT_INDEX': 'http://install'}),
        ("global.proxy='http://proxy:3128'\n",
         {'HTTP_PROXY': 'http://proxy:3128',
          'HTTPS_PROXY': 'http://proxy:3128'}),
        # Other sections are for other commands.
        ("freeze.timeout='10'\nglobal.disable-pip-version-check='1'\n", {}),
        ('', {}))
    @ddt.unpack
    def test_they_become_variables_of_uv(self, listing, expected):
        self.assertEqual(expected, uv_settings.variables(
            uv_settings.pip_settings(listing)))

    def test_a_variable_of_uv_that_is_set_already_stays(self):
        self.assertEqual({}, uv_settings.variables(
            {'index-url': 'http://pip'}, {'UV_DEFAULT_INDEX': 'http://uv'}))

    def test_the_file_is_its_owners_alone_and_survives_a_shell(self):
        path = self.useFixture(fixtures.TempDir()).join('environment.sh')
        secret = "https://user:it's $HOME@mirror/simple"
        uv_settings.write(path, {'UV_DEFAULT_INDEX': secret})
        self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
        said = subprocess.run(
            ['sh', '-c', '. "$1"; printf %s "$UV_DEFAULT_INDEX"', 'sh', path],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        self.assertEqual(secret, said)

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

"""Writes pip's settings of this node as variables for uv.

The Python of an environment with pip runs this script. uv does not read pip's
configuration files, which name the mirrors of a node, and receives only the
variables that uv_runner passes on. The result is a shell file with mode 0600,
because a URL may contain a password.
"""

import argparse
import ast
import os
import shlex
import subprocess
import sys

# pip's option: (uv's variable, separator of several values).
SETTINGS = {
    'index-url': ('UV_DEFAULT_INDEX', None),
    'extra-index-url': ('UV_INDEX', ' '),
    'find-links': ('UV_FIND_LINKS', ','),
    'trusted-host': ('UV_INSECURE_HOST', ' '),
    'no-index': ('UV_NO_INDEX', None),
    'default-timeout': ('UV_HTTP_TIMEOUT', None),
    'timeout': ('UV_HTTP_TIMEOUT', None),
    'cert': ('SSL_CERT_FILE', None),
    'client-cert': ('SSL_CLIENT_CERT', None),
}

# A later section overrides an earlier one, as in pip.
SECTIONS = ('global', 'install', ':env:')


def pip_settings(listing):
    """Return pip's settings by option, each as one text.

    :param listing: output of ``pip config list``: SECTION.OPTION='VALUE'
    """
    found = {}
    for line in listing.splitlines():
        name, _, value = line.partition('=')
        section, _, option = name.rpartition('.')
        if section in SECTIONS:
            found[SECTIONS.index(section), option] = ast.literal_eval(value)
    return {option: value for (_, option), value in sorted(found.items())}


def variables(settings, environ=()):
    """Return uv's variables for settings of pip.

    :param settings: {option of pip: value}
    :param environ: variables that are already set and must not change
    """
    made = {}
    for option, (name, between) in SETTINGS.items():
        value = settings.get(option, '').strip()
        if value and name not in environ:
            made[name] = between.join(value.split()) if between else value
    if 'UV_INDEX' in made and 'UV_INDEX_STRATEGY' not in environ:
        # pip searches all indexes. uv searches only the first one with the
        # package, which may be an index with a few built wheels.
        made['UV_INDEX_STRATEGY'] = 'unsafe-best-match'
    proxy = settings.get('proxy')
    if proxy and not {'HTTPS_PROXY', 'https_proxy'} & set(environ):
        made.update(HTTP_PROXY=proxy, HTTPS_PROXY=proxy)
    return made


def write(path, made):
    """Write variables to a shell file that only its owner can read."""
    text = ''.join(f'export {name}={shlex.quote(value)}\n'
                   for name, value in sorted(made.items()))
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
              'w') as output:
        os.chmod(path, 0o600)
        output.write('# The package index of this node, for uv.\n' + text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--output', required=True)
    parser.add_argument('--index-url', default='')
    parser.add_argument('--extra-index-url', default='')
    args = parser.parse_args()
    listing = subprocess.run(
        [sys.executable, '-m', 'pip', 'config', 'list'], check=True,
        stdout=subprocess.PIPE, text=True, timeout=60).stdout
    settings = pip_settings(listing)
    if 'index-url' not in settings and args.index_url:
        # The mirrors of the site, if pip is not configured.
        settings['index-url'] = args.index_url
        settings.setdefault('extra-index-url', args.extra_index_url)
    made = variables(settings, os.environ)
    write(args.output, made)
    # Without the values, which may contain passwords.
    print('Variables for uv: ' + (' '.join(sorted(made)) or 'none'))


if __name__ == '__main__':
    main()

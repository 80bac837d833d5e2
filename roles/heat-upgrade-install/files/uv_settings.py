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

"""Writes pip's settings of this node as the variables that uv reads.

Run by the Python of an environment with pip. uv reads none of pip's files, in
which a node names its mirrors, and of its variables only what uvtool hands
on. The result is a file for a shell, with mode 0600: a URL may hold a
password.
"""

import argparse
import ast
import os
import shlex
import subprocess
import sys

# pip's option: (uv's variable, what stands between several).
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

# What stands in a later section counts more; pip's own order.
SECTIONS = ('global', 'install', ':env:')


def pip_settings(listing):
    """Return pip's settings by option, each as one text.

    :param listing: what ``pip config list`` prints: SECTION.OPTION='VALUE'
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
    :param environ: variables that are set already, and stay
    """
    made = {}
    for option, (name, between) in SETTINGS.items():
        value = settings.get(option, '').strip()
        if value and name not in environ:
            made[name] = between.join(value.split()) if between else value
    if 'UV_INDEX' in made and 'UV_INDEX_STRATEGY' not in environ:
        # pip looks into all indexes; uv only into the first that has the
        # package, which for a few built wheels is the wrong one.
        made['UV_INDEX_STRATEGY'] = 'unsafe-best-match'
    proxy = settings.get('proxy')
    if proxy and not {'HTTPS_PROXY', 'https_proxy'} & set(environ):
        made.update(HTTP_PROXY=proxy, HTTPS_PROXY=proxy)
    return made


def write(path, made):
    """Write variables as a file for a shell that only we can read."""
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
        # The site's mirrors, where nobody has configured pip with them.
        settings['index-url'] = args.index_url
        settings.setdefault('extra-index-url', args.extra_index_url)
    made = variables(settings, os.environ)
    write(args.output, made)
    # Not their values.
    print('uv is told: ' + (' '.join(sorted(made)) or 'nothing'))


if __name__ == '__main__':
    main()

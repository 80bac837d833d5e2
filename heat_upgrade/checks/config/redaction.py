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

"""What of an operator's files may be shown: never a secret."""

import re

HIDDEN = '(not shown)'

# oslo.config marks secrets; options of others, and misspelt ones, are known
# by their names alone. 'key' is in the names of files of keys too: no harm.
_SMELL = re.compile(r'pas+w|secret|key(?!stone)|token|credential|connection|'
                    r'transport_url|auth_data|community', re.IGNORECASE)

# All up to the last @: a password may have any character in it. Some write
# user:password@host without a scheme.
_OF_URL = re.compile(r'(?<=://)[^\s\'"]*@')
_BARE = re.compile(r'[^\s/:@\'"]+:(?!//)[^\s\'"]*@')
_LONGEST = 120


def is_secret(name, *opts):
    """Tell whether the value of an option is not to be shown.

    :param name: its name in the file
    :param opts: what releases know of it; None where they do not
    """
    return (bool(_SMELL.search(name))
            or any(opt is not None and opt.secret for opt in opts))


def without_credentials(text):
    """Return a text whose URLs have no user and no password."""
    return _BARE.sub('***@', _OF_URL.sub('***@', text))


def shown(value, secret):
    """Return what may be shown of a value, in one line."""
    if secret:
        return HIDDEN
    text = ' '.join(without_credentials(value).split())
    return text if len(text) <= _LONGEST else f'{text[:_LONGEST]}...'

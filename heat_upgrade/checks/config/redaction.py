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

"""Redaction: hides secrets in an operator's files."""

import re
import typing

HIDDEN = '(not shown)'

# oslo.config marks secrets. Options of plugins and misspelt options are
# recognized by their names alone. 'key' also matches names of key files, which
# does no harm.
_SECRET_NAME = re.compile(
    r'pas+w|secret|key(?!stone)|token|credential|connection|'
    r'transport_url|auth_data|community', re.IGNORECASE)

# Everything up to the last @, because a password may contain any character.
# Some values have user:password@host without a scheme.
_OF_URL = re.compile(r'(?<=://)[^\s\'"]*@')
_BARE = re.compile(r'[^\s/:@\'"]+:(?!//)[^\s\'"]*@')
_LONGEST = 120


class HasSecret(typing.Protocol):
    """An option of a release."""

    @property
    def secret(self) -> bool:
        """Whether its value is a secret."""


def is_secret(name: str, *opts: HasSecret | None) -> bool:
    """Return True if the value of an option must be hidden.

    :param name: its name in the file
    :param opts: the option in each release; None where it is unknown
    """
    return (bool(_SECRET_NAME.search(name))
            or any(opt is not None and opt.secret for opt in opts))


def without_credentials(text: str) -> str:
    """Return a text whose URLs have neither user nor password."""
    return _BARE.sub('***@', _OF_URL.sub('***@', text))


def shown(value: str, secret: bool) -> str:
    """Return a value in one line, redacted and shortened."""
    if secret:
        return HIDDEN
    text = ' '.join(without_credentials(value).split())
    return text if len(text) <= _LONGEST else f'{text[:_LONGEST]}...'

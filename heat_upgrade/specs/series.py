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

"""The series of OpenStack: their names, numbers and order.

A series may be named either way, ``liberty`` or ``2015.2``. The numbers are
those of https://releases.openstack.org; from Liberty to Zed, which officially
had none, they are counted on: two a year.
"""

import re

from heat_upgrade import errors

# Of one series after the other, two a year, the first in 2012.1.
_NAMES = (
    'essex', 'folsom', 'grizzly', 'havana', 'icehouse', 'juno', 'kilo',
    'liberty', 'mitaka', 'newton', 'ocata', 'pike', 'queens', 'rocky', 'stein',
    'train', 'ussuri', 'victoria', 'wallaby', 'xena', 'yoga', 'zed',
    'antelope', 'bobcat', 'caracal', 'dalmatian', 'epoxy', 'flamingo',
    'gazpacho', 'hibiscus', 'indri')

# Before that the pace was another one.
_NUMBERS = {'austin': (2010, 1), 'bexar': (2011, 1), 'cactus': (2011, 2),
            'diablo': (2011, 3)}
_NUMBERS.update((name, (2012 + place // 2, 1 + place % 2))
                for place, name in enumerate(_NAMES))

# 2027.1, and what some projects call a directory: 2027.1-indri.
_NUMBER = re.compile(r'(\d{4})\.([1-3])(?:-([a-z]+))?')


def place(text):
    """Return where a series stands in the order of all, or None.

    :param text: a name, in any case, or a number; a number may be of a
        series that does not exist yet
    :returns: (year, number within the year), which compares as the series
        follow each other; None if the text names no series
    """
    text = text.lower()
    match = _NUMBER.fullmatch(text)
    if not match:
        return _NUMBERS.get(text)
    found = int(match[1]), int(match[2])
    if found[1] == 3 and found not in _NUMBERS.values():
        # Since 2012 there are two a year.
        return None
    return found if match[3] in (None, _name(found)) else None


def parse(text):
    """Return where the series stands that a user has named.

    :raises: :class:`heat_upgrade.errors.UsageError`
    """
    found = place(text)
    if found is None:
        known = ', '.join(
            f'{name} ({year}.{number})'
            for name, (year, number) in list(_NUMBERS.items())[-4:])
        raise errors.UsageError(
            f'{text!r} is no series of OpenStack; give a name or a number, '
            f'such as {known}')
    return found


def _name(found):
    return next((name for name, number in _NUMBERS.items()
                 if number == found), None)

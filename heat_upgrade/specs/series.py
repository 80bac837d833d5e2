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

A series has a name and a number, such as ``liberty`` and ``2015.2``. The
numbers are those of https://releases.openstack.org. From Liberty to Zed, which
officially have none, they continue at two a year.
"""

import re

from heat_upgrade import errors

# (year, number within the year); compares in the order of the series.
Place = tuple[int, int]

# Consecutive series, two a year, the first in 2012.1.
_NAMES = (
    'essex', 'folsom', 'grizzly', 'havana', 'icehouse', 'juno', 'kilo',
    'liberty', 'mitaka', 'newton', 'ocata', 'pike', 'queens', 'rocky', 'stein',
    'train', 'ussuri', 'victoria', 'wallaby', 'xena', 'yoga', 'zed',
    'antelope', 'bobcat', 'caracal', 'dalmatian', 'epoxy', 'flamingo',
    'gazpacho', 'hibiscus', 'indri')

# Before 2012 the cycle was different.
_NUMBERS: dict[str, Place] = {
    'austin': (2010, 1), 'bexar': (2011, 1), 'cactus': (2011, 2),
    'diablo': (2011, 3)}
_NUMBERS.update((name, (2012 + index // 2, 1 + index % 2))
                for index, name in enumerate(_NAMES))

# 2027.1, and the directory name of some projects: 2027.1-indri.
_NUMBER = re.compile(r'(\d{4})\.([1-3])(?:-([a-z]+))?')


def place(text: str) -> Place | None:
    """Return the place of a series in the order of all, or None.

    :param text: a name, in any case, or a number; a number may be of a
        series that does not exist yet
    """
    text = text.lower()
    match = _NUMBER.fullmatch(text)
    if not match:
        return _NUMBERS.get(text)
    number = int(match[1]), int(match[2])
    if number[1] == 3 and number not in _NUMBERS.values():
        # Since 2012 there are two a year.
        return None
    return number if match[3] in (None, _name(number)) else None


def parse(text: str) -> Place:
    """Return the place of the series that a user named.

    :raises: UsageError if there is no such series
    """
    number = place(text)
    if number is None:
        known = ', '.join(
            f'{name} ({year}.{within})'
            for name, (year, within) in list(_NUMBERS.items())[-4:])
        raise errors.UsageError(
            f'{text!r} is not a series of OpenStack; give a name or a number, '
            f'such as {known}')
    return number


def _name(number: Place) -> str | None:
    return next((name for name, known in _NUMBERS.items()
                 if known == number), None)

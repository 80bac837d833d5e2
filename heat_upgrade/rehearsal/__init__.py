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

"""A rehearsal: the upgrade of a copy of a real database.

``source`` unpacks a dump, ``statements`` finds its statements, ``grammar``
says what each is, ``reader`` gives the rows of a table; nothing of a dump is
ever given to a client program, or executed that the grammar does not know.
"""

from heat_upgrade.rehearsal import reader


def rows(path, table, *, database=None):
    """Give the rows of a table of a dump as dicts; streamed.

    See :func:`heat_upgrade.rehearsal.reader.rows`.
    """
    return reader.rows(path, table, database=database)

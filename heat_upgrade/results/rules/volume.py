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

"""Rules about a database with many stacks."""

import functools

from heat_upgrade.results.rules import model

_volume = functools.partial(
    model.Rule, failure_class=model.FailureClass.AVAILABILITY,
    docs='reference/volume')

RULES = (
    _volume('volume.latency-grew',
            'A request, the start of an engine or the purge takes several '
            'times as long as on the base, with the same stacks.',
            'Users wait, and clients with a timeout give up.',
            'Compare the statements and rows of the request in the report: '
            'without a difference there, profile the service.',
            'list of 200 takes longer than on the base'),
    _volume('volume.statements-grew',
            'A request executes more SQL statements than on the base, with '
            'the same stacks.',
            'The request slows down with each stack in the database.',
            'Look for a query inside a loop over stacks or resources.',
            'list of 200 executes more statements than on the base'),
    _volume('volume.rows-read-grew',
            'A request reads more rows of the database than on the base, '
            'with the same stacks.',
            'The request slows down with each stack in the database.',
            'Look for a dropped index, or a filter that moved from SQL to '
            'Python.',
            'show by name reads more rows of the database than on the base'),
    _volume('volume.memory-grew',
            'A service uses more memory than on the base, after the same '
            'requests.',
            'The service may exceed the memory of its host or container.',
            'Plan more memory for the service.',
            'heat-engine uses more memory than on the base'),
    _volume('volume.migration-slow',
            'The migration executes a statement for each row, or takes '
            'longer than a bulk copy of all rows.',
            'The downtime of a cold upgrade grows with the number of rows: '
            'hours for a large cloud.',
            'Purge deleted stacks before the upgrade, and rehearse the '
            'migration on a copy of the database.',
            'the migration works row by row, or is too slow',
            failure_class=model.FailureClass.MIGRATION),
    _volume('volume.write-blocked',
            'Writes to a table wait while db_sync runs in a rolling upgrade.',
            'Requests of users wait for as long.',
            'Stop Heat before db_sync, or expect its requests to wait.',
            'writes of table event wait while db_sync runs',
            severity=model.Severity.WARNING),
)

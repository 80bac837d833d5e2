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
"""Rules of a rehearsal: the upgrade of a copy of a real database."""

import functools

from heat_upgrade.results.rules import model

_any = functools.partial(
    model.Rule, failure_class=model.FailureClass.MIGRATION,
    docs='reference/rehearse')
_warning = functools.partial(_any, severity=model.Severity.WARNING)
_stacks = functools.partial(
    _any, failure_class=model.FailureClass.OLD_STACKS)

_STATED = ('Do not upgrade. Compare the columns that are named with the '
           'migration; if the change is meant, state it in '
           'heat_upgrade/rehearsal/expected_changes.py.')

RULES = (
    _any('rehearsal.upgrade-check-fails',
         'heat-status upgrade check fails on this database.',
         'The upgrade guide forbids to continue.',
         "Run it with the target's code and follow its output: its details "
         'may quote the database, and are not shown.',
         'heat-status upgrade check ends with status 2'),
    _warning('rehearsal.upgrade-check-warns',
             'heat-status upgrade check warns on this database.',
             'The upgrade may continue.',
             "Run it with the target's code and read its output: its "
             'details may quote the database, and are not shown.',
             'heat-status upgrade check ends with status 1'),
    _any('rehearsal.migration-fails',
         'A migration fails on this database.',
         'db_sync stops half way, and no service of the target starts.',
         'Do not upgrade. Run heat-manage db_sync on a copy to read the '
         "error's text: it may quote the database, and is not shown.",
         'migration 1a2b3c4d5e6f fails on this database'),
    _warning('rehearsal.default-charset-decides',
             'The migrations depend on the default character set of the '
             'database, which the dump does not carry.',
             'With another default, db_sync stops half way.',
             'Pass the facts about the server with --server-info, or make the '
             'dump with --databases heat, which has the default. If the '
             'default differs, change it with ALTER DATABASE before db_sync.',
             'the migrations depend on the default character set of the '
             'database, which this dump does not carry'),
    _warning('rehearsal.engine-replaced',
             'Tables have a storage engine that the private server lacks.',
             'The migrations may behave differently on them.',
             'Change them to InnoDB before the upgrade: ALTER TABLE ... '
             'ENGINE=InnoDB.',
             'tables have a storage engine that is not rehearsed'),
    _warning('rehearsal.keys-left-out',
             'The dump lacks foreign keys that the database has.',
             'A migration that changes them is not rehearsed.',
             'Make the dump with mysqldump or mariadb-dump, with the '
             'definitions of all tables.',
             'the dump lacks 3 foreign keys of the database'),
    _any('rehearsal.second-db-sync-fails',
         'heat-manage db_sync fails on a database that is up to date.',
         'Tools that run db_sync on each node stop.',
         'Run db_sync once, on one node.',
         'heat-manage db_sync fails on a database that is up to date'),
    _any('rehearsal.table-gone', 'A table is gone after db_sync.',
         'All that was in it is lost.', _STATED,
         'table software_config is gone after db_sync'),
    _any('rehearsal.rows-lost-or-added',
         'A table has another number of rows after db_sync.',
         'Data is lost, or made up.', _STATED,
         'table event has another number of rows after db_sync'),
    _any('rehearsal.columns-gone', 'A table lost columns in db_sync.',
         'Their content is lost, and services of the base fail on the '
         'table.', 'Stop all services of the base before db_sync.',
         'table stack lost columns in db_sync: owner',
         failure_class=model.FailureClass.RPC),
    _any('rehearsal.content-changed',
         'A table has other content after db_sync.',
         'Stacks may have changed.', _STATED,
         'table stack has other content after db_sync'),
    _any('rehearsal.not-as-stated',
         'A migration differs from its statement.',
         'The target may misread the rows.',
         'Do not upgrade: examine the rows that are counted.',
         'stack.name differs from the statement of its migration'),
    _warning('rehearsal.requests-wait',
             'Reads or writes of a table wait while db_sync runs.',
             "Heat's users wait that long.",
             'Stop Heat before db_sync, or expect its requests to wait that '
             'long; a database that others use takes longer.',
             'writes of table stack wait while db_sync runs',
             failure_class=model.FailureClass.AVAILABILITY),
    _stacks('rehearsal.stack-does-not-load',
            'Stacks cannot be loaded after the upgrade.',
            'They cannot be shown, updated or deleted.',
            "Load one of them with the target's code before the upgrade: "
            'the text of the error may quote the stack, and is not shown.',
            'stacks whose definitions cannot be loaded: EntityNotFound'),
    _stacks('rehearsal.stack-never-loaded',
            'Stacks can be loaded by neither release.',
            'Nothing new: they are unusable before the upgrade too.',
            'Delete or repair these stacks; the upgrade need not wait.',
            'stacks whose definitions cannot be loaded: EntityNotFound, by '
            'the base neither', severity=model.Severity.WARNING),
    _stacks('rehearsal.no-stack-loads',
            'Neither release can load any stack.',
            'The rehearsal proves nothing about the stacks.',
            'Correct the cause that the other findings name, in the dump or '
            'in the configuration, and rehearse again.',
            'no stack can be loaded, by neither release'),
    _stacks('rehearsal.key-does-not-decrypt',
            'auth_encryption_key decrypts no value of this database.',
            'With this key, no stack that has an encrypted value can be '
            'used.',
            'Use the auth_encryption_key with which the engines run today: '
            'compare it on all nodes. A new heat.conf that was generated '
            'often has a new key.',
            'auth_encryption_key is not the key of this database'),
    _stacks('rehearsal.engine-does-not-start',
            'The engine cannot load its plug-ins.',
            'heat-engine does not start.',
            'Correct the plug-in for the target, or take it out of '
            'plugin_dirs.',
            'the engine cannot load the plug-in my_alarm.py',
            failure_class=model.FailureClass.TYPES),
    _stacks('rehearsal.stacks-encrypted',
            'Stacks with encrypted values were not loaded in full.',
            'Nothing is known about the encrypted values.',
            'Pass the file with auth_encryption_key: --config-file '
            'heat.conf.', 'stacks with encrypted values were not loaded in '
            'full', severity=model.Severity.WARNING),
)

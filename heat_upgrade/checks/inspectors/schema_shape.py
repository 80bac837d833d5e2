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

"""Reads the shape of a database, in a form common to all releases.

The shape comes from the catalogue of the server: tables with their options,
columns, indexes, foreign keys and checks. It includes the names of indexes
and constraints, which do not matter to a service; a comparison may ignore
them.

shape() takes a function that runs a statement and returns rows. Therefore it
also works within a transaction and beneath all hooks.
"""

# alembic's own table.
OWN = ('alembic_version',)


def shape(dialect, run):
    """Return {table: {'options', 'columns', 'indexes', ...}} of a database.

    :param dialect: 'mysql' or 'postgresql'
    :param run: function from a statement to its rows
    """
    tables = _mysql(run) if dialect == 'mysql' else _postgresql(run)
    return {name: table for name, table in tables.items() if name not in OWN}


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


def _rows(run, statement):
    return [tuple(_text(value) for value in row) for row in run(statement)]


def _empty(**options):
    return {'options': options, 'columns': {}, 'indexes': {},
            'foreign_keys': {}, 'checks': {}}


def _mysql(run):
    tables = {}
    for name, engine, collation in _rows(run, """
            SELECT table_name, engine, table_collation
            FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
            """):
        tables[name] = _empty(engine=engine, collation=collation)
    for table, name, kind, null, default, collation, extra in _rows(run, """
            SELECT table_name, column_name, column_type, is_nullable,
                   column_default, collation_name, extra
            FROM information_schema.columns WHERE table_schema = DATABASE()
            ORDER BY table_name, ordinal_position"""):
        tables[table]['columns'][name] = {
            'type': kind, 'nullable': null == 'YES',
            # MariaDB has the text NULL here, MySQL has NULL.
            'default': None if default == 'NULL' else default,
            'collation': collation, 'extra': extra}
    for table, name, repeats, column, part in _rows(run, """
            SELECT table_name, index_name, non_unique, column_name, sub_part
            FROM information_schema.statistics
            WHERE table_schema = DATABASE()
            ORDER BY table_name, index_name, seq_in_index"""):
        index = tables[table]['indexes'].setdefault(
            name, {'unique': not int(repeats), 'columns': []})
        index['columns'].append(f'{column}({part})' if part else column)
    for table, name, column, other, others, delete, update in _rows(run, """
            SELECT k.table_name, k.constraint_name, k.column_name,
                   k.referenced_table_name, k.referenced_column_name,
                   r.delete_rule, r.update_rule
            FROM information_schema.key_column_usage k
            JOIN information_schema.referential_constraints r
              ON r.constraint_schema = k.constraint_schema
             AND r.table_name = k.table_name
             AND r.constraint_name = k.constraint_name
            WHERE k.table_schema = DATABASE()
              AND k.referenced_table_name IS NOT NULL
            ORDER BY k.table_name, k.constraint_name, k.ordinal_position"""):
        key = tables[table]['foreign_keys'].setdefault(name, {
            'columns': [], 'table': other, 'referred': [],
            # InnoDB treats both alike.
            'delete': delete.replace('NO ACTION', 'RESTRICT'),
            'update': update.replace('NO ACTION', 'RESTRICT')})
        key['columns'].append(column)
        key['referred'].append(others)
    # In MySQL, check_constraints lacks the table, and names are unique in a
    # schema. MariaDB has the table, and names may repeat.
    (version,), = _rows(run, 'SELECT VERSION()')
    for table, name, clause in _rows(run, """
            SELECT table_name, constraint_name, check_clause
            FROM information_schema.check_constraints
            WHERE constraint_schema = DATABASE()
            """ if 'MariaDB' in version else """
            SELECT t.table_name, c.constraint_name, c.check_clause
            FROM information_schema.check_constraints c
            JOIN information_schema.table_constraints t
              ON t.constraint_schema = c.constraint_schema
             AND t.constraint_name = c.constraint_name
             AND t.constraint_type = 'CHECK'
            WHERE c.constraint_schema = DATABASE()"""):
        tables[table]['checks'][name] = clause
    return tables


def _postgresql(run):
    tables = {}
    for name, in _rows(run, """
            SELECT tablename FROM pg_tables WHERE schemaname = 'public'"""):
        tables[name] = _empty()
    for table, name, kind, missing, default in _rows(run, """
            SELECT c.relname, a.attname,
                   format_type(a.atttypid, a.atttypmod), a.attnotnull,
                   pg_get_expr(d.adbin, d.adrelid)
            FROM pg_attribute a
            JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
            JOIN pg_namespace n ON n.oid = c.relnamespace
                               AND n.nspname = 'public'
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid
                                  AND d.adnum = a.attnum
            WHERE a.attnum > 0 AND NOT a.attisdropped
            ORDER BY c.relname, a.attnum"""):
        tables[table]['columns'][name] = {
            'type': kind, 'nullable': not missing, 'default': default,
            'collation': None, 'extra': ''}
    for table, name, unique, columns in _rows(run, """
            SELECT t.relname, i.relname, x.indisunique,
                   pg_get_indexdef(x.indexrelid)
            FROM pg_index x
            JOIN pg_class t ON t.oid = x.indrelid
            JOIN pg_class i ON i.oid = x.indexrelid
            JOIN pg_namespace n ON n.oid = t.relnamespace
                               AND n.nspname = 'public'"""):
        tables[table]['indexes'][name] = {
            'unique': unique, 'columns': [columns.partition(' USING ')[2]]}
    for table, name, kind, text, other in _rows(run, """
            SELECT t.relname, k.conname, k.contype::text,
                   pg_get_constraintdef(k.oid), o.relname
            FROM pg_constraint k
            JOIN pg_class t ON t.oid = k.conrelid
            LEFT JOIN pg_class o ON o.oid = k.confrelid
            JOIN pg_namespace n ON n.oid = k.connamespace
                               AND n.nspname = 'public'
            WHERE k.contype IN ('f', 'c')"""):
        if kind == 'f':
            tables[table]['foreign_keys'][name] = {
                'columns': [text], 'table': other, 'referred': [],
                'delete': '', 'update': ''}
        else:
            tables[table]['checks'][name] = text
    return tables

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

"""A database of Heat in memory, in place of ``heat.db.api``.

Storing a stack in SQLite takes thirty times as long as parsing it. The
objects of Heat (``heat.objects``) call the same functions as ever, and get
rows with the columns of the release's own models. JSON columns pass through
JSON, as they do in a real database.
"""

import datetime
import hashlib
import json
import uuid

# The date of each row: a row made later must not differ.
CREATED = datetime.datetime(2026, 1, 1)
TABLES = {'raw_template': 'RawTemplate',
          'raw_template_files': 'RawTemplateFiles',
          'stack': 'Stack', 'resource': 'Resource',
          'resource_properties_data': 'ResourcePropertiesData',
          'resource_data': 'ResourceData'}


class Row:
    """A row; its columns are attributes and items."""

    def __getitem__(self, name):
        return getattr(self, name)

    def get(self, name, default=None):
        return getattr(self, name, default)


class Database:
    """The tables that a stack needs.

    :ivar tables: {table: {id: row}}
    """

    def __init__(self):
        from heat.db import models

        self._columns = {
            table: _columns(getattr(models, name))
            for table, name in TABLES.items()}
        self.clear()

    def clear(self):
        self.tables = {table: {} for table in TABLES}
        self.tags = {}
        self._numbers = 0

    def dump(self):
        """Return the rows as JSON data: {table: [columns of a row]}."""
        return {'tags': self.tags, **{
            table: [{name: value for name, value in vars(row).items()
                     if name in self._columns[table]
                     and not isinstance(value, datetime.datetime)}
                    for row in rows.values()]
            for table, rows in self.tables.items()}}

    def restore(self, dumped):
        """Replace all rows by those that :meth:`dump` returned.

        A column that the release does not have is dropped, and a new column
        is NULL: as after a migration without a data migration.
        """
        self.clear()
        self.tags = {key: list(tags) for key, tags in dumped['tags'].items()}
        for table in TABLES:
            for values in dumped[table]:
                self._insert(table, values)

    def install(self):
        """Replace the functions of ``heat.db.api`` by those of this class."""
        from heat.db import api

        for name in dir(self):
            if name.startswith('db_'):
                setattr(api, name[3:], getattr(self, name))

    def _insert(self, table, values):
        row = Row()
        self._numbers += 1
        made = {'id': self._numbers, 'created_at': CREATED,
                'updated_at': None}
        if table == 'stack':
            made['id'] = _uuid(values['owner_id'], values['name'])
        if table == 'resource':
            made['uuid'] = _uuid(values['stack_id'], values['name'])
        vars(row).update(self._columns[table])
        vars(row).update(made)
        self._set(table, row, values)
        self.tables[table][row.id] = row
        self._numbers = max(self._numbers, *(
            [row.id] if isinstance(row.id, int) else [0]))
        return row

    def _set(self, table, row, values):
        for name, value in values.items():
            if name in self._columns[table]:
                setattr(row, name, _through_json(value))

    # The functions of heat.db.api, after the prefix.

    def db_raw_template_files_create(self, context, values):
        return self._insert('raw_template_files', values)

    def db_raw_template_files_get(self, context, files_id):
        return self.tables['raw_template_files'][files_id]

    def db_raw_template_create(self, context, values):
        return self._insert('raw_template', values)

    def db_raw_template_get(self, context, template_id):
        return self.tables['raw_template'][template_id]

    def db_raw_template_update(self, context, template_id, values):
        row = self.tables['raw_template'][template_id]
        self._set('raw_template', row, values)
        return row

    def db_raw_template_delete(self, context, template_id):
        self.tables['raw_template'].pop(template_id, None)

    def db_stack_create(self, context, values):
        return self._with_template(self._insert('stack', values))

    def db_stack_get(self, context, stack_id, show_deleted=False,
                     eager_load=True):
        row = self.tables['stack'].get(stack_id)
        return row and self._with_template(row)

    def _with_template(self, row):
        row.raw_template = self.tables['raw_template'][row.raw_template_id]
        return row

    def db_stack_get_by_name(self, context, name):
        return None

    def db_stack_get_by_name_and_owner_id(self, context, name, owner_id):
        return None

    def db_stack_get_root_id(self, context, stack_id):
        row = self.tables['stack'].get(stack_id)
        while row and row.owner_id:
            stack_id = row.owner_id
            row = self.tables['stack'].get(stack_id)
        return stack_id if row else None

    def db_stack_get_status(self, context, stack_id):
        row = self.tables['stack'][stack_id]
        return row.action, row.status, row.status_reason, row.updated_at

    def db_stack_count_total_resources(self, context, stack_id):
        return len(self.tables['resource'])

    def db_stack_count_all(self, context, **filters):
        return 0

    def db_stack_get_all_by_owner_id(self, context, owner_id):
        return [row for row in self.tables['stack'].values()
                if row.owner_id == owner_id]

    def db_stack_update(self, context, stack_id, values, exp_trvsl=None):
        self._set('stack', self.tables['stack'][stack_id], values)
        return True

    def db_service_get_all(self, context):
        return []

    def db_stack_tags_set(self, context, stack_id, tags):
        self.tags[stack_id] = list(tags)
        return self.db_stack_tags_get(context, stack_id)

    def db_stack_tags_get(self, context, stack_id):
        rows = []
        for number, tag in enumerate(self.tags.get(stack_id, ())):
            row = Row()
            vars(row).update(id=number, tag=tag, stack_id=stack_id,
                             created_at=CREATED, updated_at=None)
            rows.append(row)
        return rows or None

    def db_stack_tags_delete(self, context, stack_id):
        self.tags.pop(stack_id, None)

    def db_resource_create(self, context, values):
        return self._with_data(self._insert('resource', values))

    def db_resource_get(self, context, resource_id, refresh=False,
                        refresh_data=False):
        return self._with_data(self.tables['resource'][resource_id])

    def _with_data(self, row):
        row.data = [data for data in self.tables['resource_data'].values()
                    if data.resource_id == row.id]
        properties = self.tables['resource_properties_data']
        row.rsrc_prop_data = properties.get(row.rsrc_prop_data_id)
        row.attr_data = properties.get(row.attr_data_id)
        return row

    def db_resource_get_all_by_stack(self, context, stack_id, filters=None):
        return {row.name: self._with_data(row)
                for row in self.tables['resource'].values()
                if row.stack_id == stack_id}

    def db_resource_get_all_active_by_stack(self, context, stack_id):
        return {row.id: self._with_data(row)
                for row in self.tables['resource'].values()
                if row.stack_id == stack_id}

    def db_resource_get_by_name_and_stack(self, context, name, stack_id):
        return self.db_resource_get_all_by_stack(context, stack_id).get(name)

    def db_resource_update(self, context, resource_id, values, atomic_key=0,
                           expected_engine_id=None):
        self._set('resource', self.tables['resource'][resource_id], values)
        return True

    def db_resource_update_and_save(self, context, resource_id, values):
        self._set('resource', self.tables['resource'][resource_id], values)

    def db_resource_data_get_all(self, context, resource_id, data=None):
        if data is None:
            data = [row for row in self.tables['resource_data'].values()
                    if row.resource_id == resource_id]
        return {row.key: row.value for row in data}

    def db_resource_data_get(self, context, resource_id, key):
        return self.db_resource_data_get_all(context, resource_id)[key]

    def db_resource_data_set(self, context, resource_id, key, value,
                             redact=False):
        for row in self.tables['resource_data'].values():
            if (row.resource_id, row.key) == (resource_id, key):
                self._set('resource_data', row, {'value': value})
                return row
        return self._insert('resource_data', {
            'resource_id': resource_id, 'key': key, 'value': value,
            'redact': False, 'decrypt_method': None})

    def db_resource_prop_data_create_or_update(self, context, values,
                                               rpd_id=None):
        row = self.tables['resource_properties_data'].get(rpd_id)
        if row is None:
            return self._insert('resource_properties_data', values)
        self._set('resource_properties_data', row, values)
        return row

    def db_resource_prop_data_get(self, context, number):
        return self.tables['resource_properties_data'][number]

    def db_resource_attr_id_set(self, context, resource_id, atomic_key,
                                attr_id):
        self.tables['resource'][resource_id].attr_data_id = attr_id
        return True

    def db_resource_attr_data_delete(self, context, resource_id, attr_id):
        self.tables['resource'][resource_id].attr_data_id = None


def _uuid(*names):
    """Return an ID that depends on names alone, not on an order."""
    return str(uuid.UUID(hashlib.md5(
        repr(names).encode(), usedforsecurity=False).hexdigest(), version=4))


def _through_json(value):
    """Return a value as it comes back from its column."""
    if isinstance(value, (dict, list, tuple)):
        return json.loads(json.dumps(value, default=str))
    return value


def _columns(model):
    """Return {attribute of a model: its default, if that is a constant}."""
    found = {}
    for attribute in model.__mapper__.column_attrs:
        default = attribute.columns[0].default
        found[attribute.key] = (default.arg if default is not None
                                and default.is_scalar else None)
    return found

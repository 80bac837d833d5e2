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

"""HeatUpgrade::Ledger::Item, a resource whose backend keeps a ledger.

Heat loads it through the option plugin_dirs, on every release that the lab
supports; its backend is heat_upgrade.ledger.backend.
"""

from heat.common import exception
from heat.engine import attributes
from heat.engine.plugins import ledger_calls
from heat.engine import properties
from heat.engine import resource


class LedgerItem(resource.Resource):
    """An item of the ledger.

    The backend alone decides how long an operation takes and whether it
    fails. The next update replaces a failed item, by default of Heat's base
    class.
    """

    PROPERTIES = (LABEL, VALUE, RESTORE_FROM) = (
        'label', 'value', 'restore_from')

    ATTRIBUTES = (LABEL_ATTR, VALUE_ATTR, CACHED_VALUE_ATTR, ID_ATTR) = (
        'label', 'value', 'cached_value', 'id')

    properties_schema = {
        LABEL: properties.Schema(
            properties.Schema.STRING,
            'Label by which the tool selects the item.',
            required=True,
        ),
        VALUE: properties.Schema(
            properties.Schema.STRING,
            'Value of the item.',
            default='',
            update_allowed=True,
        ),
        RESTORE_FROM: properties.Schema(
            properties.Schema.STRING,
            'Id of the snapshot to take the value from; set by a restore, '
            'as the backup_id of OS::Cinder::Volume is.',
            update_allowed=True,
        ),
    }

    attributes_schema = {
        LABEL_ATTR: attributes.Schema(
            'Label by which the tool selects the item.',
            type=attributes.Schema.STRING,
        ),
        VALUE_ATTR: attributes.Schema(
            'Present value in the backend.',
            type=attributes.Schema.STRING,
            cache_mode=attributes.Schema.CACHE_NONE,
        ),
        # Cached, as in most of Heat's resources; the cached value can be old
        # if the stack is shown during an update.
        CACHED_VALUE_ATTR: attributes.Schema(
            'Value in the backend at the first request of Heat.',
            type=attributes.Schema.STRING,
        ),
        ID_ATTR: attributes.Schema(
            'Id of the item in the backend.',
            type=attributes.Schema.STRING,
        ),
    }

    # Key of a snapshot's id in Heat's resource data.
    SNAPSHOT_ID = 'snapshot_id'

    def _start(self, operation, **fields):
        return ledger_calls.start(
            operation, stack=self.stack.id or '', resource=self.name,
            row=self.uuid or '', **fields)

    def _is_complete(self, work):
        """Return True if an operation has ended; sends one GET at most.

        :param work: the answer of _start, or None if there is nothing to do
        """
        if work is None:
            return True
        if work['status'] == 'in-progress':
            work = ledger_calls.get('/operations/%s' % work['number'])
        if work['status'] == 'failed':
            message = '%s of %s: %s' % (work['operation'], work['item'],
                                        work['reason'])
            if work['transient']:
                raise exception.ResourceInError(
                    resource_status='error', status_reason=message)
            raise exception.Error(message)
        return work['status'] == 'done'

    def handle_create(self):
        work = self._start('create', label=self.properties[self.LABEL],
                           value=self.properties[self.VALUE])
        self.resource_id_set(work['item'])
        return work

    def handle_update(self, json_snippet, tmpl_diff, prop_diff):
        snapshot = prop_diff.get(self.RESTORE_FROM)
        if snapshot:
            return self._start('restore', item=self.resource_id,
                               snapshot=snapshot)
        if self.VALUE in prop_diff:
            after = json_snippet.properties(self.properties_schema,
                                            self.context)
            return self._start('update', item=self.resource_id,
                               value=after[self.VALUE])
        return None

    def handle_delete(self):
        if self.resource_id is None:
            return None
        try:
            return self._start('delete', item=self.resource_id)
        except ledger_calls.Gone:
            return None

    def handle_suspend(self):
        return self._start('suspend', item=self.resource_id)

    def handle_resume(self):
        return self._start('resume', item=self.resource_id)

    def handle_check(self):
        return self._start('check', item=self.resource_id)

    def handle_snapshot(self):
        work = self._start('snapshot', item=self.resource_id)
        self.data_set(self.SNAPSHOT_ID, work['snapshot'])
        return work

    def handle_delete_snapshot(self, snapshot):
        data = snapshot.get('resource_data') or {}
        snapshot_id = data.get(self.SNAPSHOT_ID)
        if not snapshot_id:
            return None
        try:
            return self._start('delete-snapshot', snapshot=snapshot_id)
        except ledger_calls.Gone:
            return None

    def handle_restore(self, defn, restore_data):
        # Must change nothing: since 27, Heat also calls it for the delete of
        # a snapshot.
        data = (restore_data or {}).get('resource_data') or {}
        if not data.get(self.SNAPSHOT_ID):
            return defn
        props = {name: value for name, value in
                 defn.properties(self.properties_schema,
                                 self.context).data.items()
                 if value is not None}
        props[self.RESTORE_FROM] = data[self.SNAPSHOT_ID]
        return defn.freeze(properties=props)

    check_create_complete = _is_complete
    check_update_complete = _is_complete
    check_delete_complete = _is_complete
    check_suspend_complete = _is_complete
    check_resume_complete = _is_complete
    check_check_complete = _is_complete
    check_snapshot_complete = _is_complete
    check_delete_snapshot_complete = _is_complete

    def _resolve_attribute(self, name):
        if self.resource_id is None:
            return None
        if name == self.CACHED_VALUE_ATTR:
            name = self.VALUE_ATTR
        try:
            return ledger_calls.get('/items/%s' % self.resource_id)[name]
        except ledger_calls.Gone:
            return None


def resource_mapping():
    return {'HeatUpgrade::Ledger::Item': LedgerItem}

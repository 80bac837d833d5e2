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

"""Stores and reads the data of resources in progress, as Heat does."""

import json


def stored(node):
    """Return the data of a node as the column of a sync point has it."""
    from heat.engine import sync_point

    return json.loads(json.dumps(sync_point.serialize_input_data(
        {'node': node.as_dict()}), default=str))


def read(column):
    """Return the node data in the column of a sync point."""
    from heat.engine import node_data
    from heat.engine import sync_point

    return node_data.NodeData.from_dict(
        sync_point.deserialize_input_data(column)['node'])


def facts(node):
    """Return the parts of node data, but not the number of its row."""
    return {'name': node.name, 'uuid': node.uuid,
            'reference ID': node.reference_id(),
            'attributes': {str(name): value for name, value
                           in node.attributes().items()},
            'state': [node.action, node.status]}

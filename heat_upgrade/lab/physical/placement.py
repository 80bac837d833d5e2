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

"""Placement."""

from heat_upgrade.lab.physical import model
from heat_upgrade.lab.physical import oslo_options


def _configuration(site: model.Site) -> dict[str, model.Sections]:
    return {'placement.conf': {
        'placement_database': oslo_options.database(site, 'placement'),
        'api': {'auth_strategy': 'keystone'},
        **oslo_options.of_all(site),
    }}


SERVICE = model.Service(
    name='placement',
    distribution='openstack-placement',
    configuration=_configuration,
    programs=(model.Program(
        'placement', model.Answer(), wsgi='placement.wsgi.api:application',
        variables=(('OS_PLACEMENT_CONFIG_DIR', '{etc}'),),
        port='placement'),),
    endpoints=(model.Endpoint('placement', 'placement'),),
    database='placement',
    fill=(('placement-manage', '--config-file', '{etc}/placement.conf', 'db',
           'sync'),))

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

"""Deserializes the context of a message with a release's own code.

``read({"sent": a context as JSON})`` returns the attributes of the context
that the release's own serializer creates from it.
"""

import importlib

import heat_upgrade_program

ATTRIBUTES = (
    'user_id', 'username', 'password', 'project_id', 'project_name',
    'user_domain_id', 'project_domain_id', 'roles', 'is_admin',
    'auth_token', 'auth_token_info', 'auth_url', 'region_name', 'aws_creds',
    'trust_id', 'trustor_user_id', 'request_id', 'show_deleted')


def read(given):
    importlib.import_module('heat.common.messaging')
    return heat_upgrade_program.apart(
        'reading a context', _read, given['sent'])


def _read(directory, sent):
    from heat.common import config  # noqa: F401
    from heat.common import messaging
    from oslo_config import cfg

    cfg.CONF([], project='heat', default_config_files=[],
             default_config_dirs=[])
    try:
        context = messaging.RequestContextSerializer.deserialize_context(
            dict(sent))
    except Exception as failure:
        return {'error': f'{type(failure).__name__}: {failure}'}
    return {'read': {name: getattr(context, name, None)
                     for name in ATTRIBUTES}}

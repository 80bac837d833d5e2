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

"""Simulates Keystone for the set-up code of a release's services."""

import json
import urllib.parse

_V3 = {'id': 'v3.14', 'status': 'stable', 'updated': '2020-04-07T00:00:00Z',
       'media-types': []}
# The token that every login gets. Heat sends another one for no login.
_ISSUED = 'issued'
_LATER = '2099-01-01T00:00:00.000000Z'


class Keystone:
    """Answers the requests of logins as Keystone does.

    :ivar signed: for each validation of a signature, whether the request had
        a token
    """

    def __init__(self, regions):
        self._regions = sorted({'RegionOne', *regions})
        self.signed = []

    def answer(self, request):
        """Return the response to a prepared request."""
        url = urllib.parse.urlsplit(request.url)
        root = f'{url.scheme}://{url.netloc}'
        if request.method == 'GET' and url.path.endswith('/auth/tokens'):
            return self._response(request, 200, _token(self._catalog(root)))
        if request.method == 'GET':
            version = {**_V3, 'links': [{'rel': 'self',
                                         'href': f'{root}/v3/'}]}
            return self._response(request, 200, {
                'version': version, 'versions': {'values': [version]}})
        if url.path.endswith('/ec2tokens'):
            self.signed.append(request.headers.get('X-Auth-Token') == _ISSUED)
            return self._response(request, 200, _token([]))
        if url.path.endswith('/auth/tokens'):
            problem = _missing(json.loads(request.body)['auth'])
            if problem:
                return self._response(request, 401, {'error': {
                    'code': 401, 'title': 'Unauthorized',
                    'message': problem}})
            return self._response(request, 201, _token(self._catalog(root)))
        return self._response(request, 200, {})

    def _catalog(self, root):
        return [{'type': 'identity', 'name': 'keystone', 'id': 'c',
                 'endpoints': [
                     {'id': f'{region}-{interface}', 'interface': interface,
                      'region': region, 'region_id': region, 'url': root}
                     for region in self._regions
                     for interface in ('public', 'internal', 'admin')]}]

    @staticmethod
    def _response(request, status, body):
        import requests
        response = requests.Response()
        response.status_code = status
        response._content = json.dumps(body).encode()
        response.headers.update({'Content-Type': 'application/json',
                                 'X-Subject-Token': _ISSUED})
        response.request, response.url = request, request.url
        response.raw = None
        return response


def _missing(auth):
    """Return the part of a login that Keystone misses, None if complete."""
    identity = auth['identity']
    if 'password' not in identity['methods']:
        return None
    user = identity['password'].get('user', {})
    if not user.get('password'):
        return 'the password is missing'
    if not user.get('id') and not user.get('name'):
        return 'the username is missing'
    if not user.get('id') and not user.get('domain'):
        return 'user_domain_name or user_domain_id is missing'
    project = auth.get('scope', {}).get('project')
    if project and not project.get('id') and not project.get('domain'):
        return 'project_domain_name or project_domain_id is missing'
    return None


def _token(catalog):
    return {'token': {
        'methods': ['password'], 'expires_at': _LATER,
        'issued_at': '2020-01-01T00:00:00.000000Z',
        'user': {'id': 'u', 'name': 'heat',
                 'domain': {'id': 'd', 'name': 'D'}},
        'project': {'id': 'p', 'name': 'service',
                    'domain': {'id': 'd', 'name': 'D'}},
        'roles': [{'id': 'r', 'name': 'service'}], 'catalog': catalog}}

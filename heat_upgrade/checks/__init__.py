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

"""Static checks: the differences between two releases, before an upgrade.

Each check is a module with a public function ``check(base, target, context)``
that returns findings; ``registry`` lists them. A check inspects each release
with a small program that runs in the release's own environment
(``inspectors/``, through ``introspection``), and compares the answers with
pure functions.
"""

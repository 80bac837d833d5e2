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

"""Names for the objects of tempest and heatclient, which have no types."""

from collections import abc
import typing

# Options exist only after tempest.conf and the plugins are read.
Configuration: typing.TypeAlias = typing.Any
# The option group heat_integrationtests of a Configuration.
Options: typing.TypeAlias = typing.Any

# heatclient.v1.client.Client.
HeatClient: typing.TypeAlias = typing.Any
# A stack, resource or event, with the fields of Heat's answer as attributes.
HeatObject: typing.TypeAlias = typing.Any

# A JSON object: a manifest, a request, facts, outputs.
Json: typing.TypeAlias = dict[str, typing.Any]

# A test method, and a decorator of test methods.
Test: typing.TypeAlias = abc.Callable[..., typing.Any]

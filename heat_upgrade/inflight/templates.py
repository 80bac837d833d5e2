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

"""The templates of the cases, built from items of the ledger."""

import json
import typing

from heat_upgrade.inflight import cases
from heat_upgrade.inflight import hold_points
from heat_upgrade.ledger import state

# The newest version that every release of the lab knows.
_VERSION = '2021-04-16'

# The resources of a template, and the value of a property.
_Resources = dict[str, dict[str, typing.Any]]
_Value = str | dict[str, typing.Any]

# The template before the operation, and the one of an update.
FIRST, SECOND = 1, 2

# Longer than any run: a wait condition that times out would hide the effect
# of the disruption.
_SIGNAL_TIMEOUT = 3600

# The names of the nested templates; Heat accepts any.
_MIDDLE, _INNER = 'file:///middle.yaml', 'file:///inner.yaml'

# The parameter of a stack two levels deep.
_VALUE = {'value': {'type': 'string'}}


def template(case: cases.Case, step: int) -> str:
    """Return the HOT text of a case.

    :param step: FIRST or SECOND; an update changes the value of all items,
        and adds the wait condition of a case that has one
    """
    return _text(_BUILDERS[case.shape](case, step, _is_gated(case, step)))


def files(case: cases.Case, step: int) -> dict[str, str]:
    """Return {name: HOT text} of the templates inside that of a case.

    :param step: FIRST or SECOND
    """
    if case.shape != cases.DEEP:
        return {}
    value: _Value = {'get_param': 'value'}
    middle: _Resources = {
        'inner': {'type': _INNER, 'properties': {'value': value}}}
    inner = _inner(case, step, _is_gated(case, step), value)
    return {_MIDDLE: _text(middle, _VALUE), _INNER: _text(inner, _VALUE)}


def _is_gated(case: cases.Case, step: int) -> bool:
    return case.parked == cases.SIGNAL and step == (
        FIRST if case.kind == cases.CREATE else SECOND)


def _text(resources: _Resources,
          parameters: dict[str, dict[str, str]] | None = None) -> str:
    content: dict[str, typing.Any] = {'heat_template_version': _VERSION,
                                      'resources': resources}
    if parameters:
        content['parameters'] = parameters
    return json.dumps(content, indent=1)


def _item(case: cases.Case, name: str, step: int, *,
          uses: tuple[str, ...] = (), after: tuple[str, ...] = (),
          value: _Value | None = None) -> dict[str, typing.Any]:
    """Return an item whose value contains those of the items it uses.

    :param value: None for that of the step
    """
    value = value or f'v{step}'
    if uses:
        value = {'list_join': ['/', [
            {'get_attr': [other, 'value']} for other in uses] + [value]]}
    resource: dict[str, typing.Any] = {'type': state.ITEM, 'properties': {
        'label': hold_points.label(case, name), 'value': value}}
    if after:
        resource['depends_on'] = list(after)
    return resource


def _gate(*after: str) -> _Resources:
    """Return a wait condition with its handle."""
    return {
        hold_points.HANDLE: {'type': 'OS::Heat::WaitConditionHandle'},
        hold_points.GATE: {
            'type': 'OS::Heat::WaitCondition',
            'depends_on': list(after),
            'properties': {'handle': {'get_resource': hold_points.HANDLE},
                           'count': 1, 'timeout': _SIGNAL_TIMEOUT}}}


def _chain(case: cases.Case, step: int, gated: bool) -> _Resources:
    resources = {'a': _item(case, 'a', step)}
    if case.parked == cases.SIGNAL:
        if gated:
            resources |= _gate('a')
        after = (hold_points.GATE,) if gated else ()
        return resources | {
            'c': _item(case, 'c', step, uses=('a',), after=after)}
    return resources | {'b': _item(case, 'b', step, uses=('a',)),
                        'c': _item(case, 'c', step, uses=('b',))}


def _fan_out(case: cases.Case, step: int, gated: bool) -> _Resources:
    resources = {'a': _item(case, 'a', step)}
    if gated:
        resources |= _gate('a')
    after = (hold_points.GATE,) if gated else ()
    return resources | {
        name: _item(case, name, step, uses=('a',), after=after)
        for name in ('b', 'c', 'd')}


def _fan_in(case: cases.Case, step: int, gated: bool) -> _Resources:
    resources = {'a': _item(case, 'a', step)}
    if case.parked == cases.SIGNAL:
        if gated:
            resources |= _gate()
        return resources | {'c': _item(
            case, 'c', step, uses=('a',),
            after=(hold_points.GATE,) if gated else ())}
    return resources | {'b': _item(case, 'b', step),
                        'c': _item(case, 'c', step, uses=('a', 'b'))}


def _two_ends(case: cases.Case, step: int, gated: bool) -> _Resources:
    """Return c after a, and the independent b."""
    resources = {name: _item(case, name, step) for name in 'ab'}
    if gated:
        resources |= _gate('a')
    resources['c'] = _item(case, 'c', step, uses=('a',),
                           after=(hold_points.GATE,) if gated else ())
    return resources


def _inner(case: cases.Case, step: int, gated: bool,
           value: _Value | None = None) -> _Resources:
    inner = {'x': _item(case, 'x', step, value=value)}
    if gated:
        inner |= _gate('x')
    return inner | {'y': _item(
        case, 'y', step, uses=('x',), value=value,
        after=(hold_points.GATE,) if gated else ())}


def _nested(case: cases.Case, step: int, gated: bool) -> _Resources:
    return _then_after(case, step, 'inner', {
        'type': 'OS::Heat::Stack',
        'properties': {'template': _text(_inner(case, step, gated))}})


def _deep(case: cases.Case, step: int, gated: bool) -> _Resources:
    """Return template resources, Heat's own nested stacks; see files()."""
    return _then_after(case, step, 'middle', {
        'type': _MIDDLE, 'properties': {'value': f'v{step}'}})


def _then_after(case: cases.Case, step: int, name: str,
                resource: dict[str, typing.Any]) -> _Resources:
    resources = {name: resource}
    if hold_points.has_after(case):
        resources[hold_points.AFTER] = _item(
            case, hold_points.AFTER, step, after=(name,))
    return resources


def _group(case: cases.Case, step: int, gated: bool) -> _Resources:
    resources = _gate() if gated else {}
    batches = {'max_batch_size': hold_points.BATCH}
    resources['group'] = {
        'type': 'OS::Heat::ResourceGroup',
        'properties': {
            'count': hold_points.MEMBERS,
            'resource_def': _item(case, hold_points.member('%index%'), step)},
        'update_policy': {'batch_create': batches,
                          'rolling_update': batches}}
    if gated:
        resources['group']['depends_on'] = [hold_points.GATE]
    if hold_points.has_after(case):
        resources[hold_points.AFTER] = _item(
            case, hold_points.AFTER, step, after=('group',))
    return resources


_BUILDERS = {cases.CHAIN: _chain, cases.FAN_OUT: _fan_out,
             cases.FAN_IN: _fan_in, cases.TWO_ENDS: _two_ends,
             cases.NESTED: _nested, cases.DEEP: _deep, cases.GROUP: _group}

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

"""The templates of the cases, made of items that the ledger knows."""

import json

from heat_upgrade.inflight import cases
from heat_upgrade.inflight import hold_points

# The newest version that every release of the lab knows.
_VERSION = '2021-04-16'

ITEM = 'HeatUpgrade::Ledger::Item'

# What a stack is before its operation, and what an update makes of it.
FIRST, SECOND = 1, 2

# Longer than any run: a wait condition that ends by itself would hide what
# the disruption did to it.
_SIGNAL_TIMEOUT = 3600


# How Heat is given the templates of a stack two deep; any names would do.
_MIDDLE, _INNER = 'file:///middle.yaml', 'file:///inner.yaml'

# The parameter that is passed to a stack two levels deep.
_VALUE = {'value': {'type': 'string'}}


def template(case, step):
    """Return the HOT text of a case.

    :param case: :class:`heat_upgrade.inflight.cases.Case`
    :param step: FIRST or SECOND; an update changes the value of all items,
        and adds the wait condition of a case that has one
    """
    return _text(_BUILDERS[case.shape](case, step, _is_gated(case, step)))


def files(case, step):
    """Return {name: HOT text} of the templates that a case's refers to.

    :param step: as for :func:`template`
    """
    if case.shape != cases.DEEP:
        return {}
    value = {'get_param': 'value'}
    middle = {'inner': {'type': _INNER, 'properties': {'value': value}}}
    inner = _inner(case, step, _is_gated(case, step), value)
    return {_MIDDLE: _text(middle, _VALUE), _INNER: _text(inner, _VALUE)}


def _is_gated(case, step):
    return case.parked == cases.SIGNAL and step == (
        FIRST if case.kind == cases.CREATE else SECOND)


def _text(resources, parameters=None):
    found = {'heat_template_version': _VERSION, 'resources': resources}
    if parameters:
        found['parameters'] = parameters
    return json.dumps(found, indent=1)


def _item(case, name, step, *, uses=(), after=(), value=None):
    """An item whose value shows that of the items that it uses.

    :param value: None for that of the step
    """
    value = value or f'v{step}'
    if uses:
        value = {'list_join': ['/', [
            {'get_attr': [other, 'value']} for other in uses] + [value]]}
    found = {'type': ITEM, 'properties': {
        'label': hold_points.label(case, name), 'value': value}}
    if after:
        found['depends_on'] = list(after)
    return found


def _gate(*after):
    """A wait condition with its handle."""
    return {
        hold_points.HANDLE: {'type': 'OS::Heat::WaitConditionHandle'},
        hold_points.GATE: {
            'type': 'OS::Heat::WaitCondition',
            'depends_on': list(after),
            'properties': {'handle': {'get_resource': hold_points.HANDLE},
                           'count': 1, 'timeout': _SIGNAL_TIMEOUT}}}


def _chain(case, step, gated):
    found = {'a': _item(case, 'a', step)}
    if case.parked == cases.SIGNAL:
        if gated:
            found |= _gate('a')
        after = (hold_points.GATE,) if gated else ()
        return found | {'c': _item(case, 'c', step, uses=('a',),
                                   after=after)}
    return found | {'b': _item(case, 'b', step, uses=('a',)),
                    'c': _item(case, 'c', step, uses=('b',))}


def _fan_out(case, step, gated):
    found = {'a': _item(case, 'a', step)}
    if gated:
        found |= _gate('a')
    after = (hold_points.GATE,) if gated else ()
    return found | {name: _item(case, name, step, uses=('a',), after=after)
                    for name in ('b', 'c', 'd')}


def _fan_in(case, step, gated):
    found = {'a': _item(case, 'a', step)}
    if case.parked == cases.SIGNAL:
        if gated:
            found |= _gate()
        return found | {'c': _item(
            case, 'c', step, uses=('a',),
            after=(hold_points.GATE,) if gated else ())}
    return found | {'b': _item(case, 'b', step),
                    'c': _item(case, 'c', step, uses=('a', 'b'))}


def _two_ends(case, step, gated):
    """c after a; and b, which depends on nothing."""
    found = {name: _item(case, name, step) for name in 'ab'}
    if gated:
        found |= _gate('a')
    found['c'] = _item(case, 'c', step, uses=('a',),
                       after=(hold_points.GATE,) if gated else ())
    return found


def _inner(case, step, gated, value=None):
    inner = {'x': _item(case, 'x', step, value=value)}
    if gated:
        inner |= _gate('x')
    return inner | {'y': _item(
        case, 'y', step, uses=('x',), value=value,
        after=(hold_points.GATE,) if gated else ())}


def _nested(case, step, gated):
    return _then_after(case, step, 'inner', {
        'type': 'OS::Heat::Stack',
        'properties': {'template': _text(_inner(case, step, gated))}})


def _deep(case, step, gated):
    """Template resources, Heat's own nested stacks, see :func:`files`."""
    return _then_after(case, step, 'middle', {
        'type': _MIDDLE, 'properties': {'value': f'v{step}'}})


def _then_after(case, step, name, resource):
    found = {name: resource}
    if hold_points.has_after(case):
        found[hold_points.AFTER] = _item(case, hold_points.AFTER, step,
                                         after=(name,))
    return found


def _group(case, step, gated):
    found = _gate() if gated else {}
    batches = {'max_batch_size': hold_points.BATCH}
    found['group'] = {
        'type': 'OS::Heat::ResourceGroup',
        'properties': {
            'count': hold_points.MEMBERS,
            'resource_def': _item(case, hold_points.member('%index%'), step)},
        'update_policy': {'batch_create': batches,
                          'rolling_update': batches}}
    if gated:
        found['group']['depends_on'] = [hold_points.GATE]
    if hold_points.has_after(case):
        found[hold_points.AFTER] = _item(case, hold_points.AFTER, step,
                                         after=('group',))
    return found


_BUILDERS = {cases.CHAIN: _chain, cases.FAN_OUT: _fan_out,
             cases.FAN_IN: _fan_in, cases.TWO_ENDS: _two_ends,
             cases.NESTED: _nested, cases.DEEP: _deep, cases.GROUP: _group}

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

"""The choices of a plan, in words."""

import typing

from heat_upgrade.lab import profiles
from heat_upgrade.plan import model

_VHOSTS = {
    model.PER_RELEASE: 'one for each release',
    model.SHARED: 'one for both releases',
}
_FAULTS = {
    model.CUT_BROKER: 'connections to the broker are cut',
    model.SLOW_DATABASE: 'writes to the database are delayed',
}


def pairs(report: dict[str, typing.Any]) -> list[tuple[str, str]]:
    """Return (name, choice) pairs, without the choices that were not made.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    choices = report['choices']
    cases = sum(map(len, choices.get('cases', {}).values()))
    rolling = report['strategy'] != model.COLD
    texts = {
        'nodes': _nodes(report),
        'virtual hosts': rolling and _VHOSTS[report['vhost']],
        'profile': report.get('profile') != profiles.STANDARD
        and report.get('profile'),
        'APIs before the engine': ', '.join(choices.get('api_first', ())),
        'engines killed': ', '.join(choices.get('kills', ())),
        'faults': ', '.join(
            f'{_FAULTS.get(fault, fault)} after {node}'
            for node, fault in choices.get('faults', {}).items()),
        'rollback': choices.get('rollback')
        and f'after {choices["rollback"]}, and upgraded again',
        'in-flight operations': cases and str(cases),
        'volume': 'volume' in choices and (
            f'{choices["volume"]} stacks'
            + (f', {choices["volume_events"]} more events'
               if choices.get('volume_events') else '')),
        'scenarios': report['scenarios'],
        'left out': choices.get('quick') and (
            'smoke and mixed-version tests' if rolling else 'smoke tests'),
    }
    return [(name, text) for name, text in texts.items() if text]


def _nodes(report: dict[str, typing.Any]) -> str:
    order = report['choices'].get('order', ())
    if len(order) < 2:
        return ''
    return (', '.join(order) + ', in this order'
            if report['strategy'] != model.COLD else str(len(order)))

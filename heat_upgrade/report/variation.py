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

"""What a plan has chosen, in words for people."""

from heat_upgrade.lab import profiles
from heat_upgrade.plan import model

_VHOSTS = {
    model.PER_RELEASE: 'one for each release',
    model.SHARED: 'one for both releases',
}
_FAULTS = {
    model.CUT_BROKER: 'connections to the broker are cut',
    model.SLOW_DATABASE: 'the database answers slowly',
}


def told(report):
    """Return (word, what was chosen) pairs; what was not is left out.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    chosen = report['choices']
    cases = sum(map(len, chosen.get('cases', {}).values()))
    rolling = report['strategy'] != model.COLD
    pairs = (
        ('nodes', _nodes(report)),
        ('virtual hosts', rolling and _VHOSTS[report['vhost']]),
        ('messaging', report.get('profile') == profiles.STOCK_MESSAGING
         and "as in Heat's own configuration"),
        ('APIs before the engine', ', '.join(chosen.get('api_first', ()))),
        ('engines killed', ', '.join(chosen.get('kills', ()))),
        ('faults', ', '.join(
            f'{_FAULTS.get(fault, fault)} after {node}'
            for node, fault in chosen.get('faults', {}).items())),
        ('goes back', chosen.get('rollback')
         and f'after {chosen["rollback"]}, and forward again'),
        ('work in flight', cases and f'{cases} operations'),
        ('scenarios', report['scenarios']),
        ('left out', chosen.get('quick') and (
            'smoke and cross-version tests' if rolling else 'smoke tests')),
    )
    return [(word, text) for word, text in pairs if text]


def _nodes(report):
    order = report['choices'].get('order', ())
    if len(order) < 2:
        return ''
    return (', '.join(order) + ', in this order'
            if report['strategy'] != model.COLD else str(len(order)))

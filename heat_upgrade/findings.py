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

"""What a run found to be wrong, as data."""

import dataclasses
import re
import traceback

from heat_upgrade import errors

# The classes of Heat's real upgrade failures, 2012 to 2026.
CLASSES = {
    1: 'the database does not migrate',
    2: 'old stacks are unusable or stuck',
    3: 'physical resources are replaced or gone',
    4: 'options are removed or narrowed',
    5: 'RPC and objects in a rolling upgrade',
    6: 'API, authentication, policy',
    7: 'types, functions, template versions',
    8: 'speed and availability',
}

# Whose fault it is. Heat's makes an upgrade unsafe; with one of a scenario or
# of the lab nothing is known about it; a known one is shown and counts not,
# and so is what a plain restart of the base shows too.
HEAT, SCENARIO, LAB, KNOWN = 'heat', 'scenario', 'lab', 'known'
RESTART = 'restart'
ORIGINS = (HEAT, SCENARIO, LAB, KNOWN, RESTART)

ERROR, WARNING = 'error', 'warning'


@dataclasses.dataclass(frozen=True)
class Finding:
    """Something wrong.

    :ivar origin: one of ORIGINS
    :ivar failure_class: key of CLASSES; None if it is not Heat's
    :ivar severity: ERROR or WARNING
    :ivar title: one line: what happened to what
    :ivar evidence: the lines that prove it: of a log, a traceback, facts
    :ivar step: name of the plan's step in which it was seen
    :ivar reproduce: the command that shows it again
    :ivar test: id of the test that found it, if one did
    :ivar log: path of the log that tells more, if there is one
    """

    origin: str
    failure_class: int | None
    severity: str
    title: str
    evidence: str
    step: str
    reproduce: str = ''
    test: str | None = None
    log: str | None = None

    def as_dict(self):
        """Return it as report.json has it."""
        known = dataclasses.asdict(self)
        known['class'] = known.pop('failure_class')
        return known


def explain(step, exc, *, ours=()):
    """Return the finding of what ended a step.

    :param step: :class:`plan.Step`
    :param exc: the exception
    :param ours: types of errors that are never Heat's, whatever the step is
        about; what is no error of the tool's is a mistake of ours anyway
    """
    title, _, evidence = str(exc).partition('\n')
    origin = HEAT if step.blame == HEAT else LAB
    if isinstance(exc, (errors.UsageError, *ours)):
        origin = LAB
    if not isinstance(exc, errors.HeatUpgradeError):
        origin = LAB
        title = f'{type(exc).__name__}: {title}'
        evidence = ''.join(traceback.format_exception(exc)).rstrip()
    log = getattr(exc, 'log', None)
    return Finding(
        origin=origin, severity=ERROR,
        failure_class=step.failure_class if origin == HEAT else None,
        title=f'{step.name}: {title}', evidence=evidence, step=step.name,
        log=str(log) if log else None)


# What differs between two times that the same thing goes wrong: ids, names
# of nodes, numbers.
_ID = re.compile(r'\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b'
                 r'|\b(?=\w*\d)[0-9a-f]{8,}\b|\bnode-\d+\b|\d+(\.\d+)?')


def signature(finding):
    """Return what a finding has in common with one of another run."""
    return finding.failure_class, _ID.sub('#', finding.title)


def from_dict(data):
    """Return the finding of what :meth:`Finding.as_dict` returned."""
    data = dict(data)
    data['failure_class'] = data.pop('class')
    return Finding(**data)

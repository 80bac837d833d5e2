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

"""The findings of a run, as data."""

import dataclasses
import traceback
import typing

from heat_upgrade import errors
from heat_upgrade.results.rules import model
from heat_upgrade.results.rules import registry

Severity = model.Severity
Origin = model.Origin
FailureClass = model.FailureClass
ERROR, WARNING = Severity.ERROR, Severity.WARNING
HEAT, SCENARIO, LAB = Origin.HEAT, Origin.SCENARIO, Origin.LAB
INPUT, KNOWN, RESTART = Origin.INPUT, Origin.KNOWN, Origin.RESTART

# {class: its description}
CLASSES = {int(number): number.description for number in FailureClass}


@dataclasses.dataclass(frozen=True)
class Finding:
    """One failure of a run.

    :ivar rule: slug of its rule, see
        :mod:`heat_upgrade.results.rules.registry`
    :ivar subject: the stack, case, probe, option or test; the same in each
        run that finds it
    :ivar title: one line: the subject and its failure
    :ivar evidence: the lines that prove it; the failure itself comes first
    :ivar step: name of the plan's step that made it
    :ivar origin: whose failure it is
    :ivar severity: whether it makes the upgrade unsafe
    :ivar failure_class: None if it is not Heat's
    :ivar impact: the consequence for users and operators
    :ivar remedy: the operator's action; a workaround, and whether it was tried
    :ivar docs: page of the documentation, '' without one
    :ivar facts: the proof of the cause of a known failure, as JSON; see
        :mod:`heat_upgrade.judgement.causes`
    :ivar own_files: whether it is about the operator's own files; then no
        known failure excuses it
    :ivar known: ID of the known failure that excuses it, ''
    :ivar reproduce: the command that repeats it
    :ivar test: ID of the test that found it, if a test did
    :ivar log: path of the log with more details, if there is one
    """

    rule: str
    subject: str
    title: str
    evidence: str = ''
    step: str = ''
    origin: Origin = HEAT
    severity: Severity = ERROR
    failure_class: FailureClass | None = None
    impact: str = ''
    remedy: str = ''
    docs: str = ''
    facts: dict[str, typing.Any] = dataclasses.field(default_factory=dict)
    own_files: bool = False
    known: str = ''
    reproduce: str = ''
    test: str | None = None
    log: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it makes the upgrade unsafe."""
        return (self.origin in (HEAT, INPUT) and self.severity == ERROR)

    @property
    def identity(self) -> tuple[str, ...]:
        """The identity of this failure, the same in each run."""
        try:
            by_step = registry.get(self.rule).by_step
        except KeyError:
            # The report comes from a version of the tool with other rules.
            by_step = False
        return self.rule, self.subject, *((self.step,) if by_step else ())

    def as_dict(self) -> dict[str, typing.Any]:
        """Return the finding as it is in report.json."""
        data = dataclasses.asdict(self)
        data['class'] = data.pop('failure_class')
        return data


def make(rule: str, subject: str, title: str, evidence: str = '', *,
         step: str = '', **fields: typing.Any) -> Finding:
    """Return a finding, with the defaults of its rule.

    :param fields: fields of :class:`Finding` that override the rule's
    :raises: KeyError if there is no such rule: a bug of this tool
    """
    defaults = registry.get(rule)
    origin = fields.pop('origin', defaults.origin)
    failure_class = fields.pop('failure_class', defaults.failure_class)
    return Finding(
        rule=rule, subject=subject, title=title, evidence=evidence,
        step=step, origin=origin,
        failure_class=failure_class if origin == HEAT else None,
        **{'severity': defaults.severity, 'impact': defaults.impact,
           'remedy': defaults.remedy, 'docs': defaults.docs, **fields})


# The rule that a failure of an action in Heat breaks.
_RULES_OF_ACTIONS = {
    'db_sync': 'migration.fails',
    'upgrade_check': 'upgrade-check.refuses',
    'start_target': 'service.does-not-start',
    'start_service': 'service.does-not-start',
    'change_api': 'service.does-not-start',
    'ready': 'service.does-not-start',
}


class Step(typing.Protocol):
    """The part of a plan's step that explains its failure."""

    @property
    def name(self) -> str:
        """Its name, unique in its plan."""

    @property
    def action(self) -> str:
        """The action of the runner."""

    @property
    def blame(self) -> str:
        """LAB or HEAT."""

    @property
    def failure_class(self) -> int | None:
        """Class of the finding of a failure."""


def explain(step: Step, exc: Exception, *,
            ours: tuple[type[Exception], ...] = ()) -> Finding:
    """Return the finding of an exception that ended a step.

    :param ours: types of errors that are never Heat's, in any step; an
        exception that is not a HeatUpgradeError is a bug of this tool
    """
    title, _, evidence = str(exc).partition('\n')
    rule = 'lab.broken'
    if step.blame == HEAT:
        rule = _RULES_OF_ACTIONS.get(step.action, 'step.failed')
    if isinstance(exc, (errors.UsageError, *ours)):
        rule = 'lab.broken'
    if not isinstance(exc, errors.HeatUpgradeError):
        rule = 'lab.bug'
        title = f'{type(exc).__name__}: {title}'
        evidence = ''.join(traceback.format_exception(exc)).rstrip()
    log = getattr(exc, 'log', None)
    return make(
        rule, step.name, f'{step.name}: {title}', evidence, step=step.name,
        failure_class=step.failure_class and FailureClass(
            step.failure_class),
        log=str(log) if log else None)


def from_dict(data: dict[str, typing.Any]) -> Finding:
    """Return the finding that :meth:`Finding.as_dict` returned."""
    data = dict(data)
    number = data.pop('class')
    return Finding(**{
        **data, 'failure_class': number and FailureClass(number),
        'origin': Origin(data['origin']),
        'severity': Severity(data['severity'])})

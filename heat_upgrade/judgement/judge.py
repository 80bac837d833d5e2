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

"""Decides which findings of a run count: pure, over the records of the run.

A known failure excuses a finding if its entry names the finding's rule and
subject, the run's evidence proves its cause, and its ceiling is not exceeded.
If the target is not released (a checkout, a file, a pre-release), a released
version must show the finding too: the base of the same run, its control, or
the reference run.
"""

from collections import abc
import dataclasses
import datetime
import json
import pathlib
import typing

from heat_upgrade.judgement import causes
from heat_upgrade.judgement import known_failures
from heat_upgrade.plan import control_run
from heat_upgrade.plan import model
from heat_upgrade.results import findings
from heat_upgrade.results import journal

# The report of the same plan with a released target, in the run directory.
REFERENCE = pathlib.Path('against', 'report.json')

Events = list[dict[str, typing.Any]]


@dataclasses.dataclass(frozen=True)
class Case:
    """The rules and records by which findings are judged.

    :ivar entries: the known failures that apply to the upgrade
    :ivar evidence: the records of the run
    :ivar released: whether base and target are released versions
    :ivar shown: identities of the findings of released versions with the same
        plan
    """

    entries: tuple[known_failures.Entry, ...]
    evidence: causes.Evidence
    released: bool
    shown: frozenset[tuple[str, ...]] = frozenset()


def of_run(run_dir: pathlib.Path, events: Events, plan: model.Plan, *,
           certain: bool = False) -> list[findings.Finding]:
    """Return the judged findings of a run.

    :param events: the events of its journal
    :param certain: let only those findings count that no reference run can
        excuse
    """
    controls = _of_control(run_dir)
    case = _case(run_dir, events, plan, controls)
    if certain:
        case = dataclasses.replace(case, released=True)
    judged = control_run.mark(judge(recorded(events), case), controls)
    return [*judged, *_about_entries(events, plan, judged, case.entries)]


def recorded(events: Events) -> list[findings.Finding]:
    """Return the findings of a journal, not yet judged."""
    return [findings.from_dict(event['data']['finding'])
            for event in events if event['kind'] == journal.FINDING]


def entries_of(events: Events) -> list[known_failures.Entry]:
    """Return the known failures that were valid at the start of a run."""
    return [known_failures.from_dict(entry)
            for entry in _start(events)['data'].get('known_failures', ())]


def judge(found: list[findings.Finding],
          case: Case) -> list[findings.Finding]:
    """Return findings; excused ones have the origin KNOWN."""
    excuses = [_excuse(finding, case) for finding in found]
    exceeded = {}
    for entry in case.entries:
        excused = [finding for finding, excuse in zip(found, excuses)
                   if excuse is entry]
        number = sum(finding.facts.get('number', 1) for finding in excused)
        allowed = entry.ceiling.allowed(_population(excused, case.evidence))
        if number > allowed:
            exceeded[entry.id] = (
                f'known failure {entry.id} excuses at most {allowed}, and '
                f'the run has {number}: all of them count')
    return [_judged(finding, excuse, exceeded)
            for finding, excuse in zip(found, excuses)]


def _mirrored(found: list[findings.Finding]) -> frozenset[tuple[str, ...]]:
    """Return identities of tests whose mirror image the base fails.

    The mirror image of a test of mixed versions runs the same operations
    through the nodes in the opposite order. If the base fails it, the defect
    is not new in the target.
    """
    return frozenset(
        (
            finding.rule,
            finding.subject.replace(
                'TargetToBaseTest.', 'BaseToTargetTest.'
            ).replace('_earlier', '_later'),
            *finding.identity[2:],
        )
        for finding in found
        if finding.facts.get('base_shows')
        and 'TargetToBaseTest.' in finding.subject
    )


def _judged(finding: findings.Finding,
            entry: known_failures.Entry | None,
            exceeded: dict[str, str]) -> findings.Finding:
    if entry is None:
        return finding
    if entry.id in exceeded:
        return dataclasses.replace(
            finding, evidence=f'{finding.evidence}\n{exceeded[entry.id]}')
    return dataclasses.replace(
        finding, origin=findings.KNOWN, known=entry.id,
        docs=finding.docs or _page(entry),
        evidence=f'{finding.evidence}\n'
                 f'known failure {entry.id}: {entry.reason} ({entry.bug})')


def _page(entry: known_failures.Entry) -> str:
    return entry.bug.removeprefix('doc/source/').removesuffix('.rst')


def of_checks(found: list[findings.Finding],
              entries: abc.Iterable[known_failures.Entry], *,
              base: str | None, reference: str | None, released: bool,
              shown: abc.Collection[tuple[str, ...]] = ()
              ) -> list[findings.Finding]:
    """Return the judged findings of static checks outside a run.

    :param entries: all known failures
    :param base: version of the base
    :param reference: version of the target, or of the released version to
        which an unreleased target is compared
    :param released: whether the target is released
    :param shown: identities of the same checks' findings about the reference
    """
    no_evidence = causes.Evidence(pathlib.Path(), [], model.Plan(
        strategy=model.COLD, base='', target='', seed=0, scenarios='',
        stages=()))
    return judge(found, Case(
        entries=tuple(entry for entry in entries
                      if entry.applies(base, reference)),
        evidence=no_evidence, released=released, shown=frozenset(shown)))


def _excuse(finding: findings.Finding,
            case: Case) -> known_failures.Entry | None:
    """Return the known failure that explains a finding, or None."""
    if finding.origin != findings.HEAT or finding.own_files:
        return None
    return next(
        (entry for entry in case.entries
         if entry.matches(finding)
         and causes.BY_NAME[entry.cause](finding, case.evidence)
         and (case.released or shown_by_a_release(finding, case.shown))),
        None)


def shown_by_a_release(finding: findings.Finding,
                       shown: abc.Collection[tuple[str, ...]]) -> bool:
    """Return True if a released version shows the same failure."""
    return bool(finding.facts.get('base_shows')) or (
        finding.identity in shown)


def _about_entries(
        events: Events, plan: model.Plan, judged: list[findings.Finding],
        entries: abc.Sequence[known_failures.Entry]
        ) -> list[findings.Finding]:
    """Return the warnings about the list of known failures itself."""
    last = plan.steps[-1].name if plan.steps else ''
    started = datetime.datetime.fromisoformat(
        _start(events).get('time', '1970-01-01')).date()
    found = [findings.make(
        'known.expired', entry.id, f'the known failure {entry.id} was due '
        f'for review by {entry.expires}', entry.reason, step=last)
        for entry in known_failures.expired(list(entries), started)]
    complete = not plan.scenarios and not any(
        finding.counts or finding.origin == findings.LAB
        for finding in judged) and any(
            event['kind'] == journal.RUN_END for event in events)
    happened = {finding.known for finding in judged}
    return found + [findings.make(
        'known.absent', entry.id,
        f'the known failure {entry.id} did not happen',
        f'{entry.reason} ({entry.bug})', step=last)
        for entry in entries
        if complete and not entry.sometimes and entry.id not in happened]


def _start(events: Events) -> dict[str, typing.Any]:
    """Return the event of the run's start, or an empty event."""
    return next((event for event in events
                 if event['kind'] == journal.RUN_START), {'data': {}})


def _population(found: list[findings.Finding],
                evidence: causes.Evidence) -> int | None:
    """Return the number of objects that could have failed like these.

    :returns: None if the number is unknown
    """
    numbers: list[int] = [finding.facts['of'] for finding in found
                          if 'of' in finding.facts]
    if numbers:
        return sum(numbers)
    disruptions = {finding.facts['disruption'] for finding in found
                   if finding.facts.get('disruption')}
    if disruptions:
        return sum(map(evidence.operations, disruptions))
    return None


def _of_control(run_dir: pathlib.Path) -> list[findings.Finding]:
    """Return the findings of a run's control, [] without a control."""
    try:
        return recorded(journal.read(control_run.run_dir(run_dir)))
    except (FileNotFoundError, ValueError):
        return []


def _reference(run_dir: pathlib.Path) -> list[findings.Finding]:
    """Return the findings of a run's reference, [] without a reference."""
    try:
        report = json.loads((run_dir / REFERENCE).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [findings.from_dict(data) for data in report['findings']]


def _case(run_dir: pathlib.Path, events: Events, plan: model.Plan,
          controls: list[findings.Finding]) -> Case:
    start = _start(events)['data']
    base, target = (start.get(side) or {} for side in ('base', 'target'))
    known_as = start.get('reference')
    released = known_as == target.get('version') and (
        target.get('kind') in ('series', 'release'))
    # The entries are those of the reference. For an unreleased target, the
    # comparison with the reference decides later which of them excuse.
    return Case(
        entries=tuple(
            entry for entry in entries_of(events)
            if entry.applies(base.get('version'), known_as,
                             vhost=plan.vhost, profile=plan.profile)),
        evidence=causes.Evidence(run_dir, events, plan), released=released,
        shown=_mirrored(recorded(events)) | {finding.identity for finding in (
            *controls, *_reference(run_dir))})


def wants_reference(run_dir: pathlib.Path) -> str | None:
    """Return the released version whose run could excuse findings, or None.

    A reference run is useful if the target is not released, and a known
    failure explains a finding that no released version has shown yet.

    :param run_dir: the run directory of a finished run
    """
    events = journal.read(run_dir)
    plan = model.from_json((run_dir / model.FILE).read_text())
    controls = _of_control(run_dir)
    case = _case(run_dir, events, plan, controls)
    if case.released or (run_dir / REFERENCE).exists():
        return None
    as_released = dataclasses.replace(case, released=True)
    missing = any(
        _excuse(finding, as_released) and not _excuse(finding, case)
        for finding in recorded(events))
    return _start(events)['data'].get('reference') if missing else None

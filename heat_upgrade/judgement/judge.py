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

"""Decides which findings of a run count: pure, over what the run recorded.

A finding is excused by a known failure only if the entry names its rule and
subject, if the cause of the entry is proved by the run's evidence, and as long
as the entry's ceiling is kept. A target that is not released (a checkout, a
file, a pre-release) is excused only for what a released one shows as well: the
base of the same run, its control, or the reference run.
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
    :ivar evidence: of the run
    :ivar released: whether base and target are released versions
    :ivar shown: identities of what released versions show by the same plan
    """

    entries: tuple[known_failures.Entry, ...]
    evidence: causes.Evidence
    released: bool
    shown: frozenset[tuple[str, ...]] = frozenset()


def of_run(run_dir: pathlib.Path, events: Events,
           plan: model.Plan) -> list[findings.Finding]:
    """Return the findings of a run, judged.

    :param run_dir: the run directory
    :param events: those of its journal
    :param plan: its plan
    """
    controls = _of_control(run_dir)
    case = _case(run_dir, events, plan, controls)
    judged = control_run.mark(judge(recorded(events), case), controls)
    return [*judged, *_about_entries(events, plan, judged, case.entries)]


def recorded(events: Events) -> list[findings.Finding]:
    """Return the findings of a journal as they were made."""
    return [findings.from_dict(event['data']['finding'])
            for event in events if event['kind'] == journal.FINDING]


def entries_of(events: Events) -> list[known_failures.Entry]:
    """Return the known failures that a run began with."""
    return [known_failures.from_dict(one)
            for one in _start(events)['data'].get('known_failures', ())]


def judge(found: list[findings.Finding],
          case: Case) -> list[findings.Finding]:
    """Return findings, those that a known failure excuses as known ones."""
    excuses = [_excuse(finding, case) for finding in found]
    exceeded = {}
    for entry in case.entries:
        its = [finding for finding, excuse in zip(found, excuses)
               if excuse is entry]
        number = sum(finding.facts.get('number', 1) for finding in its)
        allowed = entry.ceiling.allowed(_population(its, case.evidence))
        if number > allowed:
            exceeded[entry.id] = (
                f'known failure {entry.id} excuses at most {allowed}, and '
                f'the run has {number}: all of them count')
    return [_judged(finding, excuse, exceeded)
            for finding, excuse in zip(found, excuses)]


def _mirrored(found: list[findings.Finding]) -> frozenset[tuple[str, ...]]:
    """Return identities of tests whose mirror image the base fails.

    A test of mixed versions has one: the same operations through the nodes in
    the opposite order. Where the base is the one that fails, the defect is no
    new one of the target.
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
    """Return the findings of static checks alone, judged.

    :param found: of any checks of two releases
    :param entries: all known failures
    :param base: version of the base
    :param reference: version of the target, or of the released version that
        an unreleased target is measured by
    :param released: whether the target is released
    :param shown: identities of what the same checks find of the reference
    """
    nothing = causes.Evidence(pathlib.Path(), [], model.Plan(
        strategy=model.COLD, base='', target='', seed=0, scenarios='',
        stages=()))
    return judge(found, Case(
        entries=tuple(entry for entry in entries
                      if entry.applies(base, reference)),
        evidence=nothing, released=released, shown=frozenset(shown)))


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
        'known.expired', entry.id, f'the known failure {entry.id} was to be '
        f'reviewed by {entry.expires}', entry.reason, step=last)
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
    """Return the event of the run's start; an empty one without it."""
    return next((event for event in events
                 if event['kind'] == journal.RUN_START), {'data': {}})


def _population(found: list[findings.Finding],
                evidence: causes.Evidence) -> int | None:
    """Return how many things could have failed as these did.

    :returns: None if that is not known
    """
    told = [finding.facts['of'] for finding in found
            if 'of' in finding.facts]
    if told:
        return sum(told)
    disruptions = {finding.facts['disruption'] for finding in found
                   if finding.facts.get('disruption')}
    if disruptions:
        return sum(map(evidence.operations, disruptions))
    return None


def _of_control(run_dir: pathlib.Path) -> list[findings.Finding]:
    """Return what the control of a run found, nothing without a control."""
    try:
        return recorded(journal.read(control_run.run_dir(run_dir)))
    except (FileNotFoundError, ValueError):
        return []


def _reference(run_dir: pathlib.Path) -> list[findings.Finding]:
    """Return what the reference run found, nothing without one."""
    try:
        report = json.loads((run_dir / REFERENCE).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [findings.from_dict(one) for one in report['findings']]


def _case(run_dir: pathlib.Path, events: Events, plan: model.Plan,
          controls: list[findings.Finding]) -> Case:
    start = _start(events)['data']
    base, target = (start.get(side) or {} for side in ('base', 'target'))
    known_as = start.get('reference')
    released = known_as == target.get('version') and (
        target.get('kind') in ('series', 'release'))
    # Comparison with the reference decides which failures an unreleased
    # target may be excused for; here only the matching entries are collected.
    return Case(
        entries=tuple(
            entry for entry in entries_of(events)
            if entry.applies(base.get('version'), known_as,
                             vhost=plan.vhost, profile=plan.profile)),
        evidence=causes.Evidence(run_dir, events, plan), released=released,
        shown=_mirrored(recorded(events)) | {one.identity for one in (
            *controls, *_reference(run_dir))})


def wants_reference(run_dir: pathlib.Path) -> str | None:
    """Return the released version whose run could excuse findings, or None.

    That is so if the target is not released, and a known failure explains a
    finding whose proof by a released version is missing.

    :param run_dir: the run directory of a run that has ended
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

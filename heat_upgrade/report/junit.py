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

"""Writes a report as JUnit's XML, for CI systems.

A step is a suite. Its test cases are the step itself, the tests that it ran,
each in-flight operation, each rule of the static checks, and each budget of a
probe. Known failures are skipped, with the reason.
"""

from collections import abc
import pathlib
import re
import typing
from xml.etree import ElementTree

from heat_upgrade.report import matching
from heat_upgrade.report import triage
from heat_upgrade.results import findings
from heat_upgrade.results.rules import registry
from heat_upgrade.results import verdict

Element = ElementTree.Element
Report = dict[str, typing.Any]
Found = list[findings.Finding]

# Class names of test cases that do not come from the test suites.
STEP, IN_FLIGHT, RULE, PROBE = 'step', 'in-flight', 'rule', 'probe'

_ILLEGAL = re.compile(
    '[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')
_REPLACEMENT = '\N{REPLACEMENT CHARACTER}'


def write(report: Report, path: pathlib.Path | str) -> None:
    """Write the file.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    _write(suites(report), path)


def write_all(reports: abc.Mapping[str, Report],
              path: pathlib.Path | str) -> None:
    """Write one file about several runs.

    :param reports: {name of a run: its report}; the names of its suites begin
        with that name
    """
    root = ElementTree.Element('testsuites')
    for name, report in reports.items():
        for suite in suites(report):
            suite.set('name', f'{name}.{suite.get("name")}')
            root.append(suite)
    _write(root, path)


def _write(root: Element, path: pathlib.Path | str) -> None:
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding='utf-8',
                                        xml_declaration=True)


def suites(report: Report) -> Element:
    """Return the suites of a run.

    Findings without a test case of their own (a migration that fails) fail
    the test case of their step.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    found = triage.of_report(report)
    root = ElementTree.Element('testsuites')
    for step in report['steps']:
        suite = ElementTree.SubElement(root, 'testsuite', {
            'name': step['name'], 'time': str(step.get('seconds', 0))})
        _suite(suite, report, step, [
            finding for finding in found if finding.step == step['name']])
        for name, tag in (('tests', 'testcase'), ('failures', 'failure'),
                          ('skipped', 'skipped')):
            suite.set(name, str(len(list(suite.iter(tag)))))
    _verdict(ElementTree.SubElement(root, 'testsuite', {
        'name': 'verdict', 'tests': '1', 'skipped': '0'}), report)
    return root


def _suite(suite: Element, report: Report, step: Report,
           found: Found) -> None:
    """Add the test cases of a step.

    :param found: its findings
    """
    own = _case(suite, STEP, step['name'], step.get('seconds', 0))
    reported: Found = []
    for test in report['tests']:
        if test['step'] == step['name']:
            _test(suite, test, matching.of_test(
                found, step['name'], test['id']))
            reported += [finding for finding in found
                         if finding.test == test['id']]
    for flight in report['in_flight']:
        if flight['step'] == step['name']:
            reported += _flight(suite, flight,
                                matching.of_flight(found, flight))
    for slug in _rules(report, step, found):
        reported += _judged(_case(suite, RULE, slug),
                            matching.of_rule(found, slug))
    for name in _probes(report, step, found):
        reported += _judged(_case(suite, PROBE, name), matching.of_probe(
            found, step['name'], name))
    _step(own, step, [finding for finding in found
                      if finding not in reported])


def _verdict(suite: Element, report: Report) -> None:
    """Add the verdict as a test, so that only a pass is green."""
    case = _case(suite, 'run', 'verdict', report['duration_s'])
    if report['verdict'] not in verdict.PASSED:
        _failure(case, f'the verdict is {report["verdict"]}',
                 f'see {report["run_dir"]}/report.html')
    suite.set('failures', str(len(case)))


def _step(case: Element, step: Report, found: Found) -> None:
    """Judge the step itself by its findings without a case of their own."""
    if not _judged(case, found) and step['outcome'] in (
            'skipped', 'not reached'):
        ElementTree.SubElement(case, 'skipped')


def _judged(case: Element, found: Found) -> Found:
    """Fail or skip a test case by its findings; return its errors.

    An error that counts, or an error of the lab, fails the case. Known errors
    only skip it. Warnings do neither.
    """
    wrong = [finding for finding in found
             if finding.severity == findings.ERROR]
    failing = triage.failures(wrong)
    if failing:
        _failure(case, '; '.join(finding.title for finding in failing),
                 '\n\n'.join(finding.evidence for finding in failing))
    elif wrong:
        _skipped(case, wrong)
    return wrong


def _test(suite: Element, test: Report, found: Found) -> None:
    """Add a test of the suites, or a static check."""
    module, _, name = test['id'].rpartition('.')
    case = _case(suite, module, name, test['seconds'])
    if test['outcome'] == 'failed':
        _failure(case, 'failed', test['details'])
    elif test['outcome'] == 'known':
        _skipped(case, [finding for finding in found
                        if finding.severity == findings.ERROR])
    elif test['outcome'] != 'passed':
        ElementTree.SubElement(case, 'skipped',
                               message=_clean(test['details']))


def _flight(suite: Element, flight: Report, found: Found) -> Found:
    """Add an in-flight operation; return its errors."""
    case = _case(suite, f'{IN_FLIGHT}.{flight["disruption"]}',
                 flight['case'], flight['seconds'])
    wrong = _judged(case, found)
    if flight['counts'] and not wrong:
        _failure(case, f'ended in {flight["status"]}', '')
    return wrong


def _rules(report: Report, step: Report,
           found: Found) -> abc.Iterable[str]:
    """Return the slugs of the rules that static checks applied in a step.

    They are all rules of each executed check, and each rule with a finding.
    """
    checks = {test['id'].removeprefix(matching.CHECKS)
              for test in report['tests'] if test['step'] == step['name']
              and test['id'].startswith(matching.CHECKS)}
    if not checks:
        return []
    slugs = {*registry.BY_SLUG, *(finding.rule for finding in found)}
    return sorted(slug for slug in slugs
                  if matching.check_of(slug) in checks)


def _probes(report: Report, step: Report, found: Found) -> list[str]:
    """Return the probes that ran, or that have a finding, in a step."""
    ran = [name for name, probe in report['availability'].items()
           if step['name'] in probe.get('steps', ())]
    return list(dict.fromkeys([*ran, *(
        finding.subject for finding in found
        if finding.rule in matching.BUDGETS)]))


def _case(suite: Element, classname: str, name: str,
          seconds: float = 0) -> Element:
    return ElementTree.SubElement(suite, 'testcase', {
        'classname': _clean(classname), 'name': _clean(name),
        'time': str(seconds)})


def _skipped(case: Element, found: Found) -> None:
    reasons = dict.fromkeys(map(triage.why_not, found))
    skipped = ElementTree.SubElement(
        case, 'skipped', message=_clean('; '.join(filter(None, reasons))))
    skipped.text = _clean('\n\n'.join(
        f'{finding.title}\n{finding.evidence}' for finding in found))


def _failure(case: Element, message: str, text: str) -> None:
    failure = ElementTree.SubElement(case, 'failure',
                                     message=_clean(message))
    failure.text = _clean(text)


def _clean(text: str) -> str:
    return _ILLEGAL.sub(_REPLACEMENT, text)

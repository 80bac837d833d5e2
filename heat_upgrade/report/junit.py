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

"""Writes the tests of a report as JUnit's XML, for CI systems."""

import re
from xml.etree import ElementTree

from heat_upgrade.report import groups

# What XML 1.0 cannot hold (section 2.2), and what tests print all the same.
_ILLEGAL = re.compile(
    '[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')
_REPLACEMENT = '\N{REPLACEMENT CHARACTER}'


def write(report, path):
    """Write the file; a step is a suite.

    Findings that no test made (a migration that fails) are failures too, of
    a test that has the name of the step.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    known = {(finding['step'], finding['test']): finding['evidence']
             for finding in report['findings']
             if finding['origin'] in groups.NOT_COUNTED}
    root = ElementTree.Element('testsuites')
    for step in report['steps']:
        suite = ElementTree.SubElement(root, 'testsuite', {
            'name': step['name'], 'time': str(step.get('seconds', 0))})
        _step(suite, step, [
            finding for finding in report['findings']
            if finding['step'] == step['name'] and not finding['test']
            and finding['severity'] == 'error'
            and finding['origin'] not in groups.NOT_COUNTED])
        for test in report['tests']:
            if test['step'] == step['name']:
                _test(suite, test, known.get((step['name'], test['id'])))
        for name, tag in (('tests', 'testcase'), ('failures', 'failure'),
                          ('skipped', 'skipped')):
            suite.set(name, str(len(list(suite.iter(tag)))))
    _verdict(ElementTree.SubElement(root, 'testsuite', {
        'name': 'verdict', 'tests': '1', 'skipped': '0'}), report)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding='utf-8',
                                        xml_declaration=True)


def _verdict(suite, report):
    """Add the verdict as a test, so that no other one than pass is green."""
    case = ElementTree.SubElement(suite, 'testcase', {
        'classname': 'run', 'name': 'verdict',
        'time': str(report['duration_s'])})
    if report['verdict'] != 'pass':
        _failure(case, f'the verdict is {report["verdict"]}',
                 f'see {report["run_dir"]}/report.html')
    suite.set('failures', str(len(case)))


def _step(suite, step, found):
    """Add the step itself as a test, which its own findings fail."""
    case = ElementTree.SubElement(suite, 'testcase', {
        'classname': 'step', 'name': step['name'],
        'time': str(step.get('seconds', 0))})
    if found:
        _failure(case, '; '.join(finding['title'] for finding in found),
                 '\n\n'.join(finding['evidence'] for finding in found))
    elif step['outcome'] in ('skipped', 'not reached'):
        ElementTree.SubElement(case, 'skipped')


def _test(suite, test, known):
    """Add a test; a known failure counts as skipped, and says why."""
    module, _, name = test['id'].rpartition('.')
    case = ElementTree.SubElement(suite, 'testcase', {
        'classname': module, 'name': name, 'time': str(test['seconds'])})
    if test['outcome'] == 'failed' and known is None:
        _failure(case, 'failed', test['details'])
    elif test['outcome'] != 'passed':
        ElementTree.SubElement(case, 'skipped',
                               message=_clean(known or test['details']))


def _failure(case, message, text):
    failure = ElementTree.SubElement(case, 'failure',
                                     message=_clean(message))
    failure.text = _clean(text)


def _clean(text):
    return _ILLEGAL.sub(_REPLACEMENT, text)

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
    root = ElementTree.Element('testsuites')
    for step in report['steps']:
        cases = [test for test in report['tests']
                 if test['step'] == step['name']]
        own = [finding for finding in report['findings']
               if finding['step'] == step['name'] and not finding['test']
               and finding['severity'] == 'error'
               and finding['origin'] != 'known']
        suite = ElementTree.SubElement(root, 'testsuite', {
            'name': step['name'],
            'tests': str(len(cases) + 1),
            'failures': str(sum(test['outcome'] == 'failed'
                                for test in cases) + bool(own)),
            'skipped': str(sum(test['outcome'] == 'skipped'
                               for test in cases)
                           + (step['outcome'] in ('skipped', 'not reached'))),
            'time': str(step.get('seconds', 0)),
        })
        itself = ElementTree.SubElement(suite, 'testcase', {
            'classname': 'step', 'name': step['name'],
            'time': str(step.get('seconds', 0))})
        for finding in own:
            _failure(itself, finding['title'], finding['evidence'])
        if step['outcome'] in ('skipped', 'not reached'):
            ElementTree.SubElement(itself, 'skipped')
        for test in cases:
            module, _, name = test['id'].rpartition('.')
            case = ElementTree.SubElement(suite, 'testcase', {
                'classname': module, 'name': name,
                'time': str(test['seconds'])})
            if test['outcome'] == 'failed':
                _failure(case, 'failed', test['details'])
            elif test['outcome'] == 'skipped':
                ElementTree.SubElement(
                    case, 'skipped', message=_clean(test['details']))
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding='utf-8',
                                        xml_declaration=True)


def _failure(case, message, text):
    failure = ElementTree.SubElement(case, 'failure',
                                     message=_clean(message))
    failure.text = _clean(text)


def _clean(text):
    return _ILLEGAL.sub(_REPLACEMENT, text)

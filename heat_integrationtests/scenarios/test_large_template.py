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

"""A stack whose template, files and description are large stays whole."""

from heat_integrationtests import aliases
from heat_integrationtests import scenario
from heat_integrationtests import template_files

# More than the 64 KiB of a TEXT column in MariaDB. The text includes
# characters of two and three bytes in UTF-8. Heat's own limit for a template
# with its files is 512 KiB (max_template_size).
SIZE = 80 * 1024


def _text(word: str) -> str:
    line = f'{word} åß€ "quoted" \\ {{braces}}\n'
    return line * (SIZE // len(line.encode()) + 1)


class LargeTemplateScenario(scenario.Scenario):

    covers = (4, 10)
    files = {'large.txt': _text('first')}
    changed_files = {'large.txt': _text('second')}

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self.assert_same(record['request']['files'],
                         {'large.txt': outputs['content']})
        self.assert_same(record['request']['files'],
                         record['facts']['files'])

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        self.assert_same(self.changed_files,
                         {'large.txt': outputs['content']})

    def pre(self) -> None:
        padding = ''.join(f'  # {line}\n' for line in
                          _text('padding').splitlines())
        self.create_and_record(
            template=template_files.read('large_template.yaml') + padding)

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

"""Writes doc/source/reference/resource-types.rst.

    python tools/write_resource_types.py

It joins the list of resource types with the scenarios that use them.
"""

import pathlib
import textwrap

from heat_integrationtests import catalogue
from heat_upgrade.results import resource_types

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / 'doc' / 'source' / 'reference' / 'resource-types.rst'

HEAD = '''\
==============
Resource types
==============

{intro}

.. list-table::
   :header-rows: 1
   :widths: 40 60

   * - Type
     - Scenarios, or the reason for their absence
'''

INTRO = (
    '{summary} Types that Heat hides are not counted. '
    '``python tools/write_resource_types.py`` writes this page from '
    '``heat_upgrade/results/resource-types.yaml`` and the scenarios; '
    '``heat-upgrade scenario types`` prints the same table.')


def text() -> str:
    """Return the page."""
    types = resource_types.every(catalogue.entries())
    rows = [HEAD.format(intro=_filled(
        INTRO.format(summary=resource_types.summary(types)), ''))]
    for each in types:
        shown = ', '.join(f'``{name}``' for name in each.scenarios)
        rows += [f'   * - ``{each.name}``\n',
                 _filled(shown or each.reason, '     - ') + '\n']
    return ''.join(rows)


def _filled(words: str, indent: str) -> str:
    return textwrap.fill(words, 79, initial_indent=indent,
                         subsequent_indent=' ' * len(indent),
                         break_long_words=False, break_on_hyphens=False)


if __name__ == '__main__':
    PAGE.write_text(text(), 'utf-8')

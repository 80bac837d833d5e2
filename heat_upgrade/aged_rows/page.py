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

"""The reference page of all builders of aged rows.

``python -m heat_upgrade.aged_rows.page`` writes
doc/source/reference/aged-rows.rst again; a test compares the two.
"""

import pathlib
import textwrap

from heat_upgrade.aged_rows import model

PAGE = (pathlib.Path(__file__).parents[2] / 'doc' / 'source' / 'reference'
        / 'aged-rows.rst')

_HEAD = """\
.. Written by python -m heat_upgrade.aged_rows.page; do not edit.

=========
Aged rows
=========

A cloud that is ten years old holds rows in Heat's database that no API can
make today: columns that were added later are NULL, secrets have an older
cipher, engines died with their locks. New code has often failed on such rows,
although every migration succeeded.

The default run therefore creates the stacks below, in a project of their own,
while the base serves (step ``age-rows``). The builders of each stack are SQL
statements, in ``heat_upgrade/aged_rows/stacks.yaml``; they write the aged rows
into the base's database. After that, the base must list each stack and answer
every request about it. A stack that the base does not serve takes no part;
``refused_by_base`` of the step in ``report.json`` names it with the refusal.
The default run does not update the stacks on the base: ``--control`` does,
with the same rows, if a run fails.

On the target (step ``aged-rows``), each of the other stacks is

1. listed and read: every value that the base has returned must be the same;
2. converted with ``heat-manage migrate_convergence_1``, if it is a stack of
   the legacy engine that has ``convert`` in the file;
3. updated with the unchanged request, which may replace nothing, unless each
   release replaces a resource with such rows;
4. updated with a changed value, in place;
5. deleted;
6. purged with ``heat-manage purge_deleted``.

The rules ``aged-rows.*`` (:doc:`rules`) are the possible failures. Their
subject is the stack; the evidence lists its rows. After a failure, a stack is
left alone, since the later operations would prove nothing.

Add a builder
-------------

A builder is data: a name, the row in one sentence, the statements and the real
failures that such a row has revealed. Add it to a stack whose other rows do
not contradict it. Then run ``python -m heat_upgrade.aged_rows.page``, and a
clean upgrade of two pairs of releases: the step ``age-rows`` must not have the
stack in ``refused_by_base``. A row that the schema forbids, or that each
release refuses, belongs nowhere. Such rows are an environment of NULL and a
list ``requires`` of NULL: 26.0.2 shows no stack with them.

Stacks and builders
-------------------

The numbers are those of the history of real failures.
"""


def text() -> str:
    """Return the page, as reStructuredText."""
    return _HEAD + ''.join(
        f'\n{kind.name}\n{"~" * len(kind.name)}\n'
        + ''.join(map(_entry, kind.builders)) for kind in model.every())


def _entry(builder: model.Builder) -> str:
    row = textwrap.indent(textwrap.fill(builder.row, 75), '    ')
    return f'\n``{builder.name}`` ({_numbers(builder)})\n{row}\n'


def _numbers(builder: model.Builder) -> str:
    return ', '.join(str(number) for number in builder.failures)


if __name__ == '__main__':
    PAGE.write_text(text())

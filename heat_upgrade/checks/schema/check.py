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

"""The schema check: observes how an upgrade changes a real database.

``migration_trace`` observes the upgrade; four parts judge it. They are the
``migration_path`` of revisions, the ``ddl`` of the migrations, the ``drift``
between an upgraded database, a new one and the models, and the
``compatibility`` of each release with the rows of the other.
"""

import dataclasses
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.schema import compatibility
from heat_upgrade.checks.schema import ddl
from heat_upgrade.checks.schema import drift
from heat_upgrade.checks.schema import migration_path
from heat_upgrade.checks.schema import migration_trace
from heat_upgrade.results import findings as findings_

NAME = 'schema'

# It runs its own inspector, both sides at once.
READINGS = ()


def check(base: check_context.InstalledRelease,
          target: check_context.InstalledRelease,
          context: check_context.Context) -> list[findings_.Finding]:
    """Return the findings about upgrading the database.

    ``context.operator_inputs.postgresql`` repeats the check on PostgreSQL.

    :raises: LabError if a release or the database is not available
    """
    found = findings(migration_trace.observe(base, target, context))
    if context.operator_inputs.postgresql:
        found += _new(found, findings(migration_trace.observe(
            base, target, context, migration_trace.POSTGRESQL)))
    return found


def findings(traces: dict[str, typing.Any]) -> list[findings_.Finding]:
    """Return the findings about the traces of both sides."""
    parts = (migration_path.findings, ddl.findings, drift.findings,
             compatibility.findings)
    return [finding for part in parts
            for finding in part(traces['base'], traces['target'])]


def _new(found: list[findings_.Finding],
         on_postgresql: list[findings_.Finding]) -> list[findings_.Finding]:
    """Return the findings that only PostgreSQL has, marked as such."""
    known = {finding.identity for finding in found}
    return [dataclasses.replace(finding, title=f'PostgreSQL: {finding.title}')
            for finding in on_postgresql if finding.identity not in known]

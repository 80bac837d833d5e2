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

"""The schema check: what an upgrade does to the database, seen on a real one.

What is observed (``observation``) is judged in four parts: the ``path`` of
revisions, the ``operations`` of the migrations, the ``equality`` of what they
make with a new database and the models, and ``serving``: whether each release
can work with what the other wrote.
"""

import dataclasses

from heat_upgrade.checks.schema import compatibility
from heat_upgrade.checks.schema import ddl
from heat_upgrade.checks.schema import drift
from heat_upgrade.checks.schema import migration_path
from heat_upgrade.checks.schema import migration_trace

NAME = 'schema'

# It runs its own program, both sides at once.
READINGS = ()

_PARTS = (migration_path, ddl, drift, compatibility)


def check(base, target, context):
    """Return what is wrong with upgrading the database.

    :param base: :class:`heat_upgrade.checks.check_context.InstalledRelease`
    :param target: likewise
    :param context: :class:`heat_upgrade.checks.check_context.Context`;
        ``asked.postgresql`` does it on PostgreSQL too
    :returns: list of :class:`heat_upgrade.results.findings.Finding`
    :raises: :class:`heat_upgrade.errors.LabError` if a release or the database
        cannot be had
    """
    found = findings(migration_trace.observe(base, target, context))
    if context.asked.postgresql:
        found += _new(found, findings(migration_trace.observe(
            base, target, context, migration_trace.POSTGRESQL)))
    return found


def findings(seen):
    """Return the findings about what both sides saw."""
    return [finding for part in _PARTS
            for finding in part.findings(seen['base'], seen['target'])]


def _new(found, on_postgresql):
    """Return, as PostgreSQL's, what has not been found on MariaDB."""
    known = {finding.identity for finding in found}
    return [dataclasses.replace(finding, title=f'PostgreSQL: {finding.title}')
            for finding in on_postgresql if finding.identity not in known]

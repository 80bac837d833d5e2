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

"""Finds parts of a database that its dump, or the loader, changes."""

from collections import abc
import dataclasses

from heat_upgrade.rehearsal import dump_summary
from heat_upgrade.rehearsal import server_info as server_infos
from heat_upgrade.results import findings


def findings_of(survey: dump_summary.Survey,
                info: server_infos.ServerInfo | None,
                step: str) -> list[findings.Finding]:
    """Return the findings of a dump.

    :param info: facts about the operator's server, if they are known
    """
    found = []
    if survey.engines:
        found.append(findings.make(
            'rehearsal.engine-replaced', _few(survey.engines),
            'tables have a storage engine that is not rehearsed',
            '\n'.join(f'table {table}: {engine}, rehearsed as InnoDB'
                      for table, engine in sorted(survey.engines.items())),
            step=step))
    left_out = sorted(info.keys - survey.keys) if info else []
    if left_out:
        found.append(findings.make(
            'rehearsal.keys-left-out', _few(left_out),
            f'the dump lacks {len(left_out)} foreign keys of the database',
            '\n'.join(left_out), step=step))
    return found


def completed(survey: dump_summary.Survey,
              info: server_infos.ServerInfo | None) -> dump_summary.Survey:
    """Return a survey with the facts about the operator's server."""
    return dataclasses.replace(survey, charset=info.default,
                               has_default=True) if info else survey


def _few(names: abc.Iterable[str]) -> str:
    return ', '.join(sorted(names)[:3])

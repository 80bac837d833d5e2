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

"""A rehearsal as data: the order of a user, and its outcome."""

import dataclasses
import pathlib
import typing

from heat_upgrade.install import releases
from heat_upgrade.rehearsal import server_info as server_infos
from heat_upgrade.results import findings

Findings = list[findings.Finding]


@dataclasses.dataclass(frozen=True)
class Order:
    """The rehearsal that a user asked for.

    :ivar dump: path of the dump
    :ivar base: release that wrote the dump
    :ivar target: release to upgrade to
    :ivar database: name of Heat's database in the dump, or None
    :ivar settings: {option of [DEFAULT]: value} from Heat's configuration
    :ivar server_info: facts about the operator's server, or None
    :ivar sample: approximate number of stacks to load; None for all
    """

    dump: pathlib.Path | str
    base: releases.Release
    target: releases.Release
    database: str | None = None
    settings: dict[str, str] = dataclasses.field(default_factory=dict)
    server_info: server_infos.ServerInfo | None = None
    sample: int | None = None


@dataclasses.dataclass
class Outcome:
    """The results of a rehearsal; they grow while it runs.

    :ivar steps: [{name, title, start, end, outcome, cpu_s}], times in seconds
        since the start
    :ivar facts: further data for the report
    """

    findings: Findings = dataclasses.field(default_factory=list)
    steps: list[dict[str, typing.Any]] = dataclasses.field(
        default_factory=list)
    facts: dict[str, typing.Any] = dataclasses.field(default_factory=dict)

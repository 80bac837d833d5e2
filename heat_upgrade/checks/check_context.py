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

"""Input and output of a check: releases, operator's files, findings."""

from collections import abc
import dataclasses
import pathlib
import typing

from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.results import findings

# Prefix of the step name of a check's findings.
STEP = 'check-'


@dataclasses.dataclass(frozen=True)
class InstalledRelease:
    """One of the two releases of a check, installed.

    :ivar overlay: directory whose packages come before the environment's own
        (a seeded change); None without one
    :ivar overlay_digest: hash of the overlay's content
    """

    release: releases.Release
    environment: environments.Environment
    overlay: pathlib.Path | None = None
    overlay_digest: str = ''

    @property
    def name(self) -> str:
        """Its version, as findings show it: 26.0.2."""
        return self.environment.version

    @property
    def key(self) -> str:
        """Hash of the installed code; readings are cached by it."""
        return f'{self.environment.key}{self.overlay_digest}'

    def variables(self) -> dict[str, str]:
        """Return the variables that its processes need."""
        return ({'PYTHONPATH': str(self.overlay)} if self.overlay else {})


@dataclasses.dataclass(frozen=True)
class OperatorInputs:
    """The operator's own files that a check reads; all may be absent.

    :ivar config_files: configuration files of Heat, in their order
    :ivar target_config_files: configuration files that the target will read
        in place of those; empty if it reads the same files
    :ivar config_dirs: directories of such files
    :ivar roots: directories that stand for / of the node
    :ivar templates: templates of stacks, and directories of them
    :ivar environments: environments of these templates
    :ivar stacks_from: a database dump with the stacks
    :ivar postgresql: whether to check the schema on PostgreSQL too
    :ivar server: SQLAlchemy URL of a database on the server on which to check
        the schema, in new databases; '' for a private MariaDB
    :ivar live_database: SQLAlchemy URL of Heat's database, in which objects
        to settle are counted; '' for none
    :ivar queues: output of rabbitmqctl list_queues
    """

    config_files: tuple[pathlib.Path, ...] = ()
    target_config_files: tuple[pathlib.Path, ...] = ()
    config_dirs: tuple[pathlib.Path, ...] = ()
    roots: tuple[pathlib.Path, ...] = ()
    templates: tuple[pathlib.Path, ...] = ()
    environments: tuple[pathlib.Path, ...] = ()
    stacks_from: pathlib.Path | None = None
    postgresql: bool = False
    server: str = dataclasses.field(default='', repr=False)
    live_database: str = dataclasses.field(default='', repr=False)
    queues: pathlib.Path | None = None


def _quiet(line: str) -> None:
    pass


@dataclasses.dataclass(frozen=True)
class Context:
    """The surroundings of a check.

    :ivar operator_inputs: the operator's files
    :ivar checks: names of the checks that run together
    :ivar progress: is called with each line for the user
    :ivar failed: failures so far, by the path of the reading that they
        replace; see :mod:`heat_upgrade.checks.introspection`
    """

    workspace: workspaces.Workspace
    operator_inputs: OperatorInputs = OperatorInputs()
    progress: abc.Callable[[str], None] = _quiet
    checks: frozenset[str] = frozenset()
    failed: dict[pathlib.Path, object] = dataclasses.field(
        default_factory=dict, compare=False, repr=False)


def error(rule: str, subject: str, title: str, evidence: str,
          **more: typing.Any) -> findings.Finding:
    """Return a finding that makes the upgrade unsafe.

    :param rule: slug of its rule; the part before the dot is the check's name
    :param subject: stable name of the thing with the defect, without versions
    :param title: one line: the subject and its change
    :param evidence: the lines that prove it
    :param more: further arguments of :func:`_finding`
    :raises: KeyError if there is no such rule, which is a bug in this tool
    """
    return _finding(findings.ERROR, rule, subject, title, evidence, **more)


def warning(rule: str, subject: str, title: str, evidence: str,
            **more: typing.Any) -> findings.Finding:
    """Return a finding that does not make the upgrade unsafe.

    The parameters are those of :func:`error`.
    """
    return _finding(findings.WARNING, rule, subject, title, evidence, **more)


def _finding(severity: findings.Severity, rule: str, subject: str, title: str,
             evidence: str, *,
             failure_class: findings.FailureClass | None = None,
             own_files: bool = False, impact: str = '', remedy: str = '',
             facts: dict[str, typing.Any] | None = None) -> findings.Finding:
    """Return a finding of a check.

    :param failure_class: overrides the class of the rule
    :param own_files: whether it concerns the operator's own files
    :param impact: overrides the impact of the rule
    :param remedy: overrides the remedy of the rule
    :param facts: see :class:`heat_upgrade.results.findings.Finding`
    """
    overrides = {'failure_class': failure_class, 'impact': impact,
                 'remedy': remedy, 'facts': facts}
    return findings.make(
        rule, subject, title, evidence,
        step=f'{STEP}{rule.partition(".")[0]}', severity=severity,
        own_files=own_files,
        **{name: value for name, value in overrides.items() if value})

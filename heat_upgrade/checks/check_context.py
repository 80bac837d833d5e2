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

"""What a check is given, and what it gives."""

from collections import abc
import dataclasses
import pathlib
import typing

from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.results import findings

# What stands before the name of a check where the step of a finding is told.
STEP = 'check-'


@dataclasses.dataclass(frozen=True)
class InstalledRelease:
    """One of the two releases of a check, installed.

    :ivar release: :class:`heat_upgrade.install.releases.Release`
    :ivar environment: :class:`heat_upgrade.install.environments.Environment`
    :ivar overlay: directory whose packages come before the environment's own
        (a planted change); None without one
    :ivar overlay_digest: hash of what is in it
    """

    release: releases.Release
    environment: environments.Environment
    overlay: pathlib.Path | None = None
    overlay_digest: str = ''

    @property
    def name(self):
        """What a finding calls it: 26.0.2."""
        return self.environment.version

    @property
    def key(self):
        """What decides what is read of it."""
        return f'{self.environment.key}{self.overlay_digest}'

    def variables(self):
        """Return what its processes need in their environment."""
        return ({'PYTHONPATH': str(self.overlay)} if self.overlay else {})


@dataclasses.dataclass(frozen=True)
class OperatorInputs:
    """What of an operator's own a check is about; all of it may be absent.

    :ivar config_files: configuration files of Heat, in their order
    :ivar config_dirs: directories of such files
    :ivar templates: templates of stacks
    :ivar stacks_from: a database dump with the stacks
    :ivar postgresql: check the schema on PostgreSQL too
    :ivar server: URL, as SQLAlchemy has it, of a database on the server on
        which the schema is checked, in databases of the check's own; '' for
        a private MariaDB
    """

    config_files: tuple[pathlib.Path, ...] = ()
    config_dirs: tuple[pathlib.Path, ...] = ()
    templates: tuple[pathlib.Path, ...] = ()
    stacks_from: pathlib.Path | None = None
    postgresql: bool = False
    server: str = dataclasses.field(default='', repr=False)


def _quiet(line):
    pass


@dataclasses.dataclass(frozen=True)
class Context:
    """What a check works with.

    :ivar workspace: :class:`heat_upgrade.lab.workspace.Workspace`
    :ivar asked: :class:`OperatorInputs`
    :ivar progress: callable that takes a line for the user
    :ivar failed: programs that have failed so far, see
        :mod:`heat_upgrade.checks.introspection`
    """

    workspace: workspaces.Workspace
    asked: OperatorInputs = OperatorInputs()
    progress: abc.Callable[[str], None] = _quiet
    failed: dict[pathlib.Path, typing.Any] = dataclasses.field(
        default_factory=dict, compare=False, repr=False)


def error(rule: str, subject: str, title: str, evidence: str,
          **more: typing.Any) -> findings.Finding:
    """Return a finding that makes the upgrade unsafe.

    :param rule: slug of its rule; the part before the dot is the check's name
    :param subject: stable name of what it is about, without versions
    :param title: one line: the subject and its change
    :param evidence: the lines that prove it
    :param more: as :func:`_finding` takes it
    :raises: KeyError if there is no such rule: a mistake of ours
    """
    return _finding(findings.ERROR, rule, subject, title, evidence, **more)


def warning(rule: str, subject: str, title: str, evidence: str,
            **more: typing.Any) -> findings.Finding:
    """Return a finding that an operator should know; as :func:`error`."""
    return _finding(findings.WARNING, rule, subject, title, evidence, **more)


def _finding(severity: findings.Severity, rule: str, subject: str, title: str,
             evidence: str, *,
             failure_class: findings.FailureClass | None = None,
             own_files: bool = False, impact: str = '', remedy: str = '',
             facts: dict[str, typing.Any] | None = None) -> findings.Finding:
    """Return a finding of a check.

    :param failure_class: if it is another than the rule's
    :param own_files: whether it is about files of the operator's own
    :param impact: instead of the rule's, if this finding has a wider one
    :param remedy: instead of the rule's, if this finding has a better one
    :param facts: see :class:`heat_upgrade.results.findings.Finding`
    """
    given = {'failure_class': failure_class, 'impact': impact,
             'remedy': remedy, 'facts': facts}
    return findings.make(
        rule, subject, title, evidence,
        step=f'{STEP}{rule.partition(".")[0]}', severity=severity,
        own_files=own_files,
        **{name: value for name, value in given.items() if value})

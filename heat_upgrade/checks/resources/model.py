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

"""Differences between two releases, and the templates that they touch."""

from collections import abc
import dataclasses
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.results import findings
from heat_upgrade.results.rules import registry

NAME = 'resources'

ERROR, WARNING = findings.ERROR, findings.WARNING

DEPRECATED = ('DEPRECATED', 'HIDDEN')

# Kinds of ``touches``, its first member. A TYPE has its name; an ATTRIBUTE the
# type and the name. A property has the type and the path; a template has SET
# it, left it UNSET, or set it to a value that the target REFUSED. Parts of the
# template language have the version and the name.
TYPE, ATTRIBUTE = 'type', 'attribute'
SET, UNSET, REFUSED = 'set', 'unset', 'refused'
GLOB, CONSTRAINT, VERSION = 'glob', 'constraint', 'version'
PSEUDO = 'pseudo parameter'

# One of several, which follow.
ANY = 'any'

# In all stacks, but in no template; and used by every operation.
STACKS, ALWAYS = ('stacks',), ('always',)

# Maximum number of lines of a template in a title.
_PLACES = 3

# An announcement excuses the release, not the template that still uses it.
_ANNOUNCED = frozenset(f'{NAME}.{kind}' for kind in (
    'type-removed', 'type-placeholder', 'property-removed',
    'attribute-removed', 'constraint-removed'))

# An inspector's reading of a release, or a part of it.
Reading = dict[str, typing.Any]
# A kind and its arguments: strings, paths, or further Touches.
Touches = tuple[typing.Any, ...]


@dataclasses.dataclass(frozen=True)
class Difference:
    """A difference that is worth a finding.

    :ivar rule: slug
    :ivar subject: type and property, or another part of a release
    :ivar title: one line
    :ivar evidence: lines: where, and both values
    :ivar touches: the part of a template that it touches
    :ivar remedy: instead of the rule's, if this one is better
    """

    rule: str
    subject: str
    title: str
    evidence: tuple[str, ...]
    touches: Touches
    remedy: str = ''

    @property
    def severity(self) -> findings.Severity:
        """Return the severity of the rule."""
        return registry.get(self.rule).severity

    @property
    def failure_class(self) -> findings.FailureClass | None:
        """Return the failure class of the rule."""
        return registry.get(self.rule).failure_class


def finding(difference: Difference) -> findings.Finding:
    """Return the finding of a difference of two releases."""
    report = (check_context.error if difference.severity == ERROR
              else check_context.warning)
    return report(
        difference.rule, difference.subject, difference.title,
        '\n'.join(difference.evidence), remedy=difference.remedy)


def own(difference: Difference, labels: abc.Sequence[str],
        more: abc.Iterable[str], *, places: abc.Sequence[str] = ()
        ) -> findings.Finding:
    """Return the finding of a difference that touches templates.

    :param labels: names of the operator's templates that it touches
    :param more: lines that follow its evidence
    :param places: labels with lines, if these are known
    """
    many = len(labels)
    if difference.severity == ERROR or difference.rule in _ANNOUNCED:
        report = check_context.error
        words = 'breaks' if many == 1 else 'break'
    else:
        report = check_context.warning
        words = 'is touched' if many == 1 else 'are touched'
    shown = ', '.join((places or labels)[:_PLACES])
    label = f' ({shown})' if many == 1 else ''
    title = difference.title
    if difference.touches[0] == REFUSED:
        _, name, path = difference.touches
        title = (f'{name}: the value of {".".join(path[1:])} is refused')
    return report(
        difference.rule, difference.subject,
        f'{many} of your templates {words}{label}: {title}',
        '\n'.join((*difference.evidence, *more,
                   *(f'at: {place}' for place in places
                     if place not in labels))), own_files=True,
        remedy=difference.remedy, facts={'templates': sorted(labels)})


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two releases, as ``inspectors/resources.py`` reads them.

    :ivar names: of the releases in findings
    """

    base: Reading
    target: Reading
    names: tuple[str, str]

    def values(self, base: object, target: object) -> tuple[str, str]:
        """Return the lines that show a value in both releases."""
        return (f'{self.names[0]}: {base}', f'{self.names[1]}: {target}')


def is_deprecated(status: Reading) -> bool:
    """Return True if a support status warns users."""
    return status['status'] in DEPRECATED


def described(status: Reading) -> str:
    """Return a support status in words."""
    words: str = status['status']
    if status['version']:
        words += f' since {status["version"]}'
    if status['message']:
        words += f' ({status["message"].rstrip(".")})'
    return words


def announced(base: Reading, target: Reading | None,
              names: tuple[str, str]) -> str | None:
    """Return the text of the announcement of a removal.

    OpenStack's deprecation policy (the tag ``assert:follows-standard-
    deprecation``): a feature is marked deprecated in a release before the one
    that removes it. This upgrade may leave that release out.

    :param base: support status in the base
    :param target: support status in the target, None if it has been removed
    :param names: names of the releases
    :returns: None if it was not announced
    """
    if is_deprecated(base):
        return (f'announced: {described(_oldest_notice(base))}'
                f'{_lead(_oldest_notice(base), names[1])}')
    status = target and target.get('previous')
    while status:
        if is_deprecated(status) and _major(status['version']) and (
                _major(status['version']) < _major(names[1])):
            return (f'announced: {described(status)}'
                    f'{_lead(status, names[1])}, in a release that this '
                    'upgrade leaves out')
        status = status.get('previous')
    return None


def _oldest_notice(status: Reading) -> Reading:
    """Return the first of a sequence of deprecations."""
    oldest = status
    while is_deprecated(oldest.get('previous') or {'status': ''}):
        oldest = oldest['previous']
    return oldest


def _lead(status: Reading, target: str) -> str:
    """Return the number of releases before the target, in words."""
    if not (_major(status['version']) and _major(target)):
        return ''
    releases = _major(target) - _major(status['version'])
    if releases < 1:
        return ''
    return f', {releases} release{"s" if releases > 1 else ""} before {target}'


def _major(version: str | None) -> int:
    head = (version or '').partition('.')[0]
    return int(head) if head.isdigit() else 0

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

"""What differs between two releases, and what of a template it touches."""

import dataclasses

from heat_upgrade.checks import check_context
from heat_upgrade.results import findings
from heat_upgrade.results.rules import registry

NAME = 'resources'

ERROR, WARNING = findings.ERROR, findings.WARNING

DEPRECATED = ('DEPRECATED', 'HIDDEN')

# What a difference touches, as the first member of ``touches``. A type, with
# its name; a property that a template sets, or does not, or sets to what the
# target refuses, with the type and the path; an attribute, with the type and
# the name. Others are names of things of a template's language, with the
# version.
TYPE, ATTRIBUTE = 'type', 'attribute'
SET, UNSET, REFUSED = 'set', 'unset', 'refused'
GLOB, CONSTRAINT, VERSION = 'glob', 'constraint', 'version'
PSEUDO = 'pseudo parameter'

# One of several, which follow.
ANY = 'any'

# Not in a template, but in all stacks; and what no operation does without.
STACKS, ALWAYS = ('stacks',), ('always',)


@dataclasses.dataclass(frozen=True)
class Difference:
    """One difference that somebody should know.

    :ivar rule: slug
    :ivar subject: type and property, or what else it is about
    :ivar title: one line
    :ivar evidence: lines: where, and both values
    :ivar touches: what a template must have to be touched by it
    :ivar remedy: instead of the rule's, if this one is better
    """

    rule: str
    subject: str
    title: str
    evidence: tuple[str, ...]
    touches: tuple
    remedy: str = ''

    @property
    def severity(self):
        """That of its rule."""
        return registry.get(self.rule).severity

    @property
    def failure_class(self):
        """That of its rule."""
        return registry.get(self.rule).failure_class


def finding(difference):
    """Return the finding of a difference of two releases."""
    return _tell(difference)(
        difference.rule, difference.subject, difference.title,
        '\n'.join(difference.evidence), remedy=difference.remedy)


def _tell(difference):
    return check_context.error if difference.severity == ERROR else (
        check_context.warning)


def own(difference, labels, more):
    """Return the finding of a difference that touches an operator's own.

    :param difference: :class:`Difference`
    :param labels: names of the templates that it touches
    :param more: lines that follow its evidence
    """
    many = len(labels)
    if difference.severity == ERROR:
        words = 'breaks' if many == 1 else 'break'
    else:
        words = 'is touched' if many == 1 else 'are touched'
    what = f' ({labels[0]})' if many == 1 else ''
    return _tell(difference)(
        difference.rule, difference.subject,
        f'{many} of your templates {words}{what}: {difference.title}',
        '\n'.join((*difference.evidence, *more)), own_files=True,
        remedy=difference.remedy, facts={'templates': sorted(labels)})


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two releases, as ``inspectors/resources.py`` reads them.

    :ivar base: what it read of the one
    :ivar target: and of the other
    :ivar names: what findings call them
    """

    base: dict
    target: dict
    names: tuple[str, str]

    def values(self, base, target):
        """Return the lines that show the values of something in both."""
        return (f'{self.names[0]}: {base}', f'{self.names[1]}: {target}')


def is_deprecated(status):
    """Return whether a support status warns those who use the thing."""
    return status['status'] in DEPRECATED


def described(status):
    """Return a support status in words."""
    words = status['status']
    if status['version']:
        words += f' since {status["version"]}'
    if status['message']:
        words += f' ({status["message"].rstrip(".")})'
    return words


def announced(base, target, names):
    """Return the words of how the end of something was announced.

    OpenStack's deprecation policy (the tag ``assert:follows-standard-
    deprecation``): what goes has been marked deprecated in an earlier
    release. It may have been in one that this upgrade leaves out.

    :param base: support status in the base
    :param target: in the target, or None if the thing is gone
    :param names: names of the releases
    :returns: words; None if it was not announced
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


def _oldest_notice(status):
    """Return the first deprecation of an unbroken row of them."""
    oldest = status
    while is_deprecated(oldest.get('previous') or {'status': ''}):
        oldest = oldest['previous']
    return oldest


def _lead(status, target):
    """Return how long before the target that was, in words."""
    if not (_major(status['version']) and _major(target)):
        return ''
    releases = _major(target) - _major(status['version'])
    if releases < 1:
        return ''
    return f', {releases} release{"s" if releases > 1 else ""} before {target}'


def _major(version):
    head = (version or '').partition('.')[0]
    return int(head) if head.isdigit() else 0

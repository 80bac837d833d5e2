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

"""Collects the features that templates use, without any of their values.

It keeps only names that the base knows: types, properties that are set,
attributes, functions, versions. It keeps no text of the operator.
"""

from collections import abc
import dataclasses
import typing

from heat_upgrade.checks.resources import model
from heat_upgrade.checks.resources import nested_values
from heat_upgrade.checks.resources import schemas
from heat_upgrade.checks.resources import template_lines
from heat_upgrade.checks.resources import template_walk
from heat_upgrade.checks import templates as templates_

# Maximum number of templates that a finding names.
SHOWN = 10


@dataclasses.dataclass(frozen=True)
class Used:
    """The features that some templates use.

    :ivar templates: number of templates
    :ivar by: {uses: labels of the templates with exactly these}
    :ivar lines: {label: {(type, path): lines of the values that the target
        refuses, or that cannot be known}}
    """

    templates: int
    by: dict[template_walk.Uses, list[str]]
    lines: dict[str, dict[template_walk.Property, tuple[int, ...]]] = (
        dataclasses.field(default_factory=dict))

    def touched(self, touches: model.Touches, *,
                possibly: bool = False) -> list[str]:
        """Return the labels of templates that a difference touches.

        :param possibly: see :func:`is_touched`
        """
        return [label for uses, labels in self.by.items()
                if is_touched(uses, touches, possibly=possibly)
                for label in labels]

    def places(self, label: str, touches: model.Touches) -> tuple[int, ...]:
        """Return the lines at which a difference touches a template.

        :returns: () if the template has no lines, as one from a database
        """
        kind, *rest = touches
        if kind not in (model.SET, model.UNSET, model.REFUSED):
            return ()
        name, path = rest
        return tuple(sorted({
            line for (type_, at), lines
            in self.lines.get(label, {}).items()
            if type_ == name and at == path[:len(at)] for line in lines}))

    def parts(self) -> dict[tuple[str, ...], list[str]]:
        """Return {part of a type that no release has: labels}."""
        return self._labels(template_walk.UNKNOWN_PART)

    def names(self, kind: str) -> dict[str, list[str]]:
        """Return {name: labels of the templates} of a kind of uses."""
        return self._labels(kind)

    def _labels(self, kind: str) -> dict[typing.Any, list[str]]:
        found: dict[typing.Any, list[str]] = {}
        for uses, labels in self.by.items():
            for use in uses:
                if use[0] == kind:
                    found.setdefault(use[1], []).extend(labels)
        return found


def evidence(labels: abc.Sequence[str], templates: int) -> tuple[str, ...]:
    """Return the lines that name the templates that are touched."""
    shown = ', '.join(labels[:SHOWN])
    more = len(labels) - SHOWN
    return (f'used by {len(labels)} of {templates} templates: {shown}' +
            (f' and {more} more' if more > 0 else ''),)


def collect(sources: abc.Iterable[abc.Iterable[templates_.Template]],
            base: model.Reading, watched: schemas.Watched,
            target: model.Reading | None = None) -> Used:
    """Return the features that templates use.

    :param base: the inspector's reading of the base
    :param watched: limits with which values are tried
    :param target: the types of the target; None for those of the base
    """
    by: dict[template_walk.Uses, list[str]] = {}
    lines = {}
    count = 0
    for source in sources:
        # A dump may have very many templates, and nests none by a file.
        read = list(source) if isinstance(source, templates_.Files) else ()
        passed = nested_values.of(read, base)
        for template in read or source:
            walk = template_walk.Walk(
                template, base, watched, target or base['types'],
                passed.get(template.path.resolve(), ())
                if template.path else ())
            walk.sections()
            by.setdefault(frozenset(walk.uses), []).append(template.label)
            if walk.routes and template.path:
                lines[template.label] = template_lines.of(template.path,
                                                          walk.routes)
            count += 1
    return Used(count, by, lines)


def of(template: templates_.Template, base: model.Reading,
       watched: schemas.Watched) -> template_walk.Uses:
    """Return the features that a template uses."""
    walk = template_walk.Walk(template, base, watched, base['types'])
    walk.sections()
    return frozenset(walk.uses)


def is_touched(uses: template_walk.Uses, touches: model.Touches, *,
               possibly: bool = False) -> bool:
    """Return True if a difference touches some uses.

    :param possibly: also if a value that is known at run time only decides
    """
    kind, *rest = touches
    if kind == model.ANY:
        return any(is_touched(uses, each, possibly=possibly)
                   for each in rest)
    if touches == model.ALWAYS:
        return True
    if kind not in (model.SET, model.UNSET, model.REFUSED, model.ATTRIBUTE):
        return touches in uses
    if kind == model.ATTRIBUTE:
        return bool({touches, (kind, rest[0], '*')} & uses)
    name, path = rest
    parent = path[:-1]
    if kind == model.REFUSED and touches in uses:
        return True
    for use in uses:
        if kind != model.REFUSED and use[0] == template_walk.KEYS and (
                use[1:3] == (name, parent)) and (
                (path[-1] in use[3]) == (kind == model.SET)):
            return True
        if possibly and use[0] == template_walk.OPEN and use[1] == name and (
                use[2] == path[:len(use[2])]
                if kind == model.REFUSED
                else use[2] == parent[:len(use[2])]):
            return True
    return False

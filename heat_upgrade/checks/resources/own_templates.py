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

"""Makes the findings about an operator's own templates."""

from collections import abc
import pathlib

from heat_upgrade.checks import check_context
from heat_upgrade.checks.resources import model
from heat_upgrade.checks.resources import template_usage
from heat_upgrade.checks.resources import template_walk
from heat_upgrade.checks import templates
from heat_upgrade.results import findings as results

# Maximum number of types that a finding names.
_SHOWN = 20


def findings(differences: abc.Iterable[model.Difference],
             used: template_usage.Used,
             pair: model.Pair) -> list[results.Finding]:
    """Return the findings of the differences that touch the templates."""
    found = []
    for each in differences:
        labels = used.touched(each.touches)
        if labels:
            found.append(model.own(
                each, labels,
                template_usage.evidence(labels, used.templates),
                places=_places(used, each, labels)))
        unknown = [
            label for label in used.touched(each.touches, possibly=True)
            if label not in labels] if each.severity == model.ERROR else []
        if unknown:
            found.append(_unknown(each, unknown, used))
    return [*found, *_types(used, pair)]


def _places(used: template_usage.Used, difference: model.Difference,
            labels: abc.Iterable[str]) -> list[str]:
    """Return the places that a difference touches: file:line, or file."""
    return [f'{label}:{line}' if line else label for label in labels
            for line in used.places(label, difference.touches) or (0,)]


def _unknown(difference: model.Difference, labels: list[str],
             used: template_usage.Used) -> results.Finding:
    places = _places(used, difference, labels)
    shown = places[:template_usage.SHOWN]
    where = f' ({places[0]})' if len(places) == 1 else ''
    return check_context.warning(
        'resources.value-not-known', difference.subject,
        f'{len(labels)} of your templates may break{where}: '
        f'{difference.title}',
        '\n'.join((*difference.evidence,
                   'A parameter or a function decides it, which the template '
                   'alone does not determine:', *shown,
                   *([f'and {len(places) - len(shown)} more']
                     if len(places) > len(shown) else ()))),
        own_files=True, facts={'templates': sorted(labels)})


def _types(used: template_usage.Used,
           pair: model.Pair) -> abc.Iterator[results.Finding]:
    """Yield the findings of types that are not usable in either release."""
    base, target = pair.base['types'], pair.target['types']
    unknown = {name: labels for name, labels
               in used.names(template_walk.UNKNOWN_TYPE).items()
               if name not in target}
    if unknown:
        yield _type_finding('unknown', 'neither release has', unknown)
    constraints = {
        name: labels for name, labels
        in used.names(template_walk.UNKNOWN_CONSTRAINT).items()
        if name not in pair.target['constraints']}
    if constraints:
        yield _constraints(constraints)
    yield from _parts(used)
    hidden = {name: labels for name, labels in used.names(model.TYPE).items()
              if all(name in types and
                     types[name]['status']['status'] == 'HIDDEN'
                     for types in (base, target))}
    if hidden:
        yield _type_finding('hidden', 'both releases hide', hidden)


def _parts(used: template_usage.Used) -> abc.Iterator[results.Finding]:
    """Yield the findings of properties and attributes of no release."""
    # {(type, section): {part: labels}}
    by_type: dict[tuple[str, str], dict[tuple[str, ...], list[str]]] = {}
    for part, labels in used.parts().items():
        by_type.setdefault((part[0], part[1]), {})[part] = labels
    for (name, section), parts in sorted(by_type.items()):
        word = ('an attribute' if section == template_walk.ATTRIBUTES
                else 'a property')
        labels = sorted({label for each in parts.values() for label in each})
        lines = [_part_line(used, part, each)
                 for part, each in sorted(parts.items())]
        yield check_context.warning(
            'resources.part-unknown', f'{name}: {section}',
            f'{len(labels)} of your templates use{"s" * (len(labels) == 1)} '
            f'{word} of {name} that neither release has', '\n'.join(lines),
            own_files=True, facts={'templates': labels})


def _part_line(used: template_usage.Used, part: tuple[str, ...],
               labels: list[str]) -> str:
    name, *path = part
    places = [f'{label}:{line}' if line else label for label in labels
              for line in used.places(
                  label, (model.REFUSED, name, tuple(path))) or (0,)]
    near = f'; the releases have {path[-1]}' if path[-1] else ''
    return ', '.join(places[:template_usage.SHOWN]) + near


def _constraints(names: dict[str, list[str]]) -> results.Finding:
    labels = sorted({label for each in names.values() for label in each})
    return check_context.warning(
        'resources.constraint-unknown', ', '.join(sorted(names)),
        f'{len(labels)} of your templates use{"s" * (len(labels) == 1)} '
        f'custom constraint {", ".join(sorted(names))}, which neither '
        'release has',
        '\n'.join(f'{name}: {", ".join(each[:template_usage.SHOWN])}'
                  for name, each in sorted(names.items())),
        own_files=True, facts={'templates': labels})


def _type_finding(word: str, words: str,
                  types: dict[str, list[str]]) -> results.Finding:
    labels = sorted({label for each in types.values() for label in each})
    names = sorted(types)
    subject = names[0] if len(names) == 1 else f'{len(names)} types'
    lines = [f'{name}: {", ".join(types[name][:template_usage.SHOWN])}'
             for name in names[:_SHOWN]]
    if len(names) > _SHOWN:
        lines.append(f'and {len(names) - _SHOWN} more types')
    return check_context.warning(
        f'resources.type-{word}', ', '.join(names),
        f'{len(labels)} of your templates use{"s" * (len(labels) == 1)} '
        f'{subject} that {words}', '\n'.join(lines), own_files=True,
        facts={'templates': labels})


def unreadable(files: templates.Files) -> list[results.Finding]:
    """Return the findings of files that were not checked."""
    return [
        *(check_context.error(
            'resources.template-not-read', pathlib.Path(path).name,
            f'{pathlib.Path(path).name} cannot be read', str(problem),
            own_files=True, facts={'templates': [path]})
          for path, problem in files.refused.items()),
        *([_missing(files.missing)] if files.missing else ())]


def _missing(missing: dict[str, list[str]]) -> results.Finding:
    names = sorted(missing)
    subject = (f'{pathlib.Path(names[0]).name} is' if len(names) == 1
               else f'{len(names)} templates are')
    return check_context.warning(
        'resources.template-not-here', ', '.join(names),
        f'{subject} used as types, but not there',
        '\n'.join([
            *(f'{name}, used by {", ".join(missing[name])}'
              for name in names[:_SHOWN]),
            *([f'and {len(names) - _SHOWN} more']
              if len(names) > _SHOWN else ())]),
        own_files=True, facts={'templates': sorted(
            {label for labels in missing.values() for label in labels})})

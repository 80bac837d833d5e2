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

"""Compares resource types: removed, replaced by placeholders, deprecated."""

from collections import abc

from heat_upgrade.checks.resources import model
from heat_upgrade.checks.resources import schemas


def differences(pair: model.Pair) -> list[model.Difference]:
    """Return the differences between the types of two releases."""
    found = list(_broken(pair))
    base, target = pair.base['types'], pair.target['types']
    for name, before in sorted(base.items()):
        after = target.get(name)
        if after is None and _module(before) in pair.target['broken']:
            continue
        if after is None:
            found.append(_gone(pair, name, before))
        elif _is_same_alias(pair, name):
            continue
        elif after['placeholder'] and not before['placeholder']:
            found.append(_placeholder(pair, name, before, after))
        else:
            found.extend(_both(pair, name, before, after))
    for pattern, mapped in sorted(pair.base['globs'].items()):
        if pair.target['globs'].get(pattern) != mapped:
            found.append(_glob(pair, pattern, mapped))
    return found


def _module(type_: model.Reading) -> str:
    path: str = type_['class']
    return path.rpartition('.')[0]


def _broken(pair: model.Pair) -> abc.Iterator[model.Difference]:
    for name, error in sorted(pair.target['broken'].items()):
        if name not in pair.base['broken']:
            yield model.Difference(
                'resources.plugin-not-imported', name,
                f'resource plugin {name} cannot be imported',
                pair.values('can be imported', error), model.ALWAYS)


def _is_same_alias(pair: model.Pair, name: str) -> bool:
    """Return True if both map a name to one type, compared by itself."""
    before, after = (each['types'][name].get('mapped_to')
                     for each in (pair.base, pair.target))
    return before == after and before in pair.base['types'] and (
        before in pair.target['types'])


def _both(pair: model.Pair, name: str, before: model.Reading,
          after: model.Reading) -> abc.Iterator[model.Difference]:
    if before.get('mapped_to') != after.get('mapped_to'):
        yield model.Difference(
            'resources.type-mapped-elsewhere', name,
            f'{name} is mapped to another type',
            pair.values(before.get('mapped_to') or before['class'],
                        after.get('mapped_to') or after['class']),
            (model.TYPE, name))
    if schemas.worse(before['status'], after['status']):
        yield model.Difference(
            'resources.type-deprecated', name,
            f'{name} is now {after["status"]["status"].lower()}',
            (f'in {after["class"]}',
             *pair.values(model.described(before['status']),
                          model.described(after['status'])),
             *_substitutes(after['status'], name)), (model.TYPE, name),
            _replace_it(after['status'], name))
    client = before['client']
    if (client in pair.base['clients'] and after['client'] == client and
            client not in pair.target['clients']):
        yield model.Difference(
            'resources.type-without-client', name,
            f'{name} has lost its client {client}',
            (f'in {after["class"]}',
             *pair.values(pair.base['clients'][client], 'not registered')),
            (model.TYPE, name))
    yield from _handling(pair, name, before, after)
    if not any(each[key] for each in (before, after)
               for key in ('placeholder', 'accepts_all')):
        yield from schemas.differences(pair, name)


def _handling(pair: model.Pair, name: str, before: model.Reading,
              after: model.Reading) -> abc.Iterator[model.Difference]:
    """Yield changes in Heat's handling of resources of a type."""
    touches = (model.TYPE, name)
    for other in before['status']['substitutes']:
        if other in pair.target['types'] and other != name and (
                other not in after['status']['substitutes']):
            yield model.Difference(
                'resources.type-not-taken-over', f'{name} to {other}',
                f'{name}: a change to {other} replaces the resource',
                (f'in {after["class"]}',
                 *pair.values('taken over', 'replaced'),
                 'as with LP 1622089'), touches)
    if after['replaced_when_check_failed'] and not (
            before['replaced_when_check_failed']):
        yield model.Difference(
            'resources.check-failed-replaced', name,
            f'{name}: a resource whose check failed is replaced',
            (f'in {after["class"]}',
             *pair.values('updated in place', 'replaced')), touches)
    for misfit in after['misfits']:
        method = misfit.partition(' ')[0]
        if method not in {
                each.partition(' ')[0] for each in before['misfits']}:
            yield model.Difference(
                'resources.method-misfits', f'{name} {method}',
                f'{name}: {method} does not accept the arguments of its '
                'callers',
                (f'{pair.names[1]}: {misfit} does not accept all arguments '
                 'of the method that it overrides',
                 'as with Story 2011068'), touches)


def _gone(pair: model.Pair, name: str,
          before: model.Reading) -> model.Difference:
    words = model.announced(before['status'], None, pair.names)
    return model.Difference(
        'resources.type-removed' if words
        else 'resources.type-removed-unannounced', name,
        f'{name} is gone' + (', as announced' if words
                             else ' without a deprecation'),
        (f'in {before["class"]}',
         *pair.values(model.described(before['status']), 'not there, not '
                      'even as a placeholder'),
         words or 'not announced: it was not deprecated',
         *_substitutes(before['status'], name)), (model.TYPE, name))


def _placeholder(pair: model.Pair, name: str, before: model.Reading,
                 after: model.Reading) -> model.Difference:
    words = model.announced(before['status'], after['status'], pair.names)
    return model.Difference(
        'resources.type-placeholder' if words
        else 'resources.type-placeholder-unannounced', name,
        f'{name} became a placeholder' + (
            '' if words else ' without a deprecation') +
        ': a delete leaves its physical resources',
        (f'in {after["class"]}',
         *pair.values(model.described(before['status']),
                      model.described(after['status'])),
         words or 'not announced: it was not deprecated',
         *_substitutes(before['status'], name),
         'Stacks with it load, and can be updated and deleted; Heat ignores '
         'it, its physical resource stays behind, and its get_attr is '
         'null.'), (model.TYPE, name))


def _glob(pair: model.Pair, pattern: str, mapped: str) -> model.Difference:
    return model.Difference(
        'resources.glob-unmapped', pattern,
        f'types {pattern} are no longer mapped to {mapped}',
        (*pair.values(mapped, pair.target['globs'].get(pattern, 'not mapped')),
         'in etc/heat/environment.d, if an installation uses the new file'),
        (model.GLOB, pattern))


def _substitutes(status: model.Reading, name: str) -> tuple[str, ...]:
    others = [other for other in status['substitutes'] if other != name]
    return (f'substitute: {", ".join(others)}',) if others else ()


def _replace_it(status: model.Reading, name: str) -> str:
    others = [other for other in status['substitutes'] if other != name]
    return (f'Replace it in templates in time, by {" or ".join(others)}.'
            if others else '')

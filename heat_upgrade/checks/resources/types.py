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

"""Types that are gone, became placeholders, or will go."""

from heat_upgrade.checks.resources import model
from heat_upgrade.checks.resources import schemas


def differences(pair):
    """Return how the types of two releases differ.

    :param pair: :class:`heat_upgrade.checks.resources.model.Pair`
    :returns: list of :class:`heat_upgrade.checks.resources.model.Difference`
    """
    found = list(_broken(pair))
    base, target = pair.base['types'], pair.target['types']
    for name, before in sorted(base.items()):
        after = target.get(name)
        if after is None and _module(before) in pair.target['broken']:
            continue
        elif after is None:
            found.append(_gone(pair, name, before))
        elif _is_same_alias(pair, name):
            continue
        elif after['placeholder'] and not before['placeholder']:
            found.append(_placeholder(pair, name, before, after))
        else:
            found.extend(_both(pair, name, before, after))
    for pattern, meant in sorted(pair.base['globs'].items()):
        if pair.target['globs'].get(pattern) != meant:
            found.append(_glob(pair, pattern, meant))
    return found


def _module(each):
    return each['class'].rpartition('.')[0]


def _broken(pair):
    for name, why in sorted(pair.target['broken'].items()):
        if name not in pair.base['broken']:
            yield model.Difference(
                'resources.plugin-not-imported', name,
                f'resource plugin {name} cannot be imported',
                pair.values('can be imported', why), model.ALWAYS)


def _is_same_alias(pair, name):
    """Return whether both map a name to one type, which is compared."""
    before, after = (each['types'][name].get('mapped_to')
                     for each in (pair.base, pair.target))
    return before == after and before in pair.base['types'] and (
        before in pair.target['types'])


def _both(pair, name, before, after):
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
    if not any(each[what] for each in (before, after)
               for what in ('placeholder', 'accepts_all')):
        yield from schemas.differences(pair, name)


def _handling(pair, name, before, after):
    """Yield what Heat does otherwise with resources of a type."""
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
    for method in after['misfits']:
        if method.partition(' ')[0] not in {
                each.partition(' ')[0] for each in before['misfits']}:
            # A warning: nobody may call it with what it does not take.
            yield model.Difference(
                'resources.method-misfits',
                f'{name} {method.partition(" ")[0]}',
                f'{name}: {method.partition(" ")[0]} does not take what it '
                'may be called with',
                (f'{pair.names[1]}: {method} does not take all that the '
                 'method takes which it overrides',
                 'as with Story 2011068'), touches)


def _gone(pair, name, before):
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


def _placeholder(pair, name, before, after):
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
         'Stacks with it load, and can be updated and deleted; nothing is '
         'done for it, its physical resource stays behind, and get_attr of '
         'it is null.'), (model.TYPE, name))


def _glob(pair, pattern, meant):
    return model.Difference(
        'resources.glob-unmapped', pattern,
        f'types {pattern} are no longer mapped to {meant}',
        (*pair.values(meant, pair.target['globs'].get(pattern, 'not mapped')),
         'in etc/heat/environment.d, if an installation takes the new one'),
        (model.GLOB, pattern))


def _substitutes(status, name):
    others = [other for other in status['substitutes'] if other != name]
    return (f'substitute: {", ".join(others)}',) if others else ()


def _replace_it(status, name):
    others = [other for other in status['substitutes'] if other != name]
    return (f'Replace it in templates in time, by {" or ".join(others)}.'
            if others else '')

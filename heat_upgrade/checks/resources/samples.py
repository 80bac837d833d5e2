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


"""Compares the values that both releases make of samples of odd input."""

from collections import abc

from heat_upgrade.checks.resources import model

VALUE = 'value'

# The samples that belong to no template version.
VALUES = 'values'

# (subject, sample, outcome before, outcome after)
_Change = tuple[str, str, str, str]


def differences(pair: model.Pair) -> list[model.Difference]:
    """Return the samples that the target refuses or gives another value.

    A sample that the base refuses is in no stored template. The check of an
    operator's templates evaluates their own values, so no difference touches
    a template here.
    """
    changed: dict[_Change, list[str]] = {}
    for where, subjects in sorted(pair.base['samples'].items()):
        for change in _changes(subjects, pair.target['samples'].get(where)):
            changed.setdefault(change, []).append(where)
    return [_difference(pair, change, versions)
            for change, versions in changed.items()]


def _changes(base: model.Reading,
             target: model.Reading | None) -> abc.Iterator[_Change]:
    """Yield the changes of a template version, none if it is gone."""
    for subject, samples in base.items():
        after = (target or {}).get(subject, {})
        for sample, (kind, was) in samples.items():
            outcome = after.get(sample)
            if kind == VALUE and outcome and outcome != [kind, was]:
                yield subject, sample, was, ' '.join(outcome)


def _difference(pair: model.Pair, change: _Change,
                versions: list[str]) -> model.Difference:
    subject, sample, was, now = change
    refused = not now.startswith(f'{VALUE} ')
    where = '' if versions == [VALUES] else f' of {versions[0]}' + (
        f' and {len(versions) - 1} more' if len(versions) > 1 else '')
    return model.Difference(
        'resources.value-changed', f'{subject} {sample}',
        f'{subject}{where} {"refuses" if refused else "changes"} {sample}',
        (f'in {", ".join(versions)}', *pair.values(f'{VALUE} {was}', now)),
        model.STACKS)

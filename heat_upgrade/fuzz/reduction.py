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

"""Removes every part of a stack that its failure does not need.

hypothesis shrinks choices; this shrinks the texts, and so also the templates
that no generator made.
"""

from collections import abc
import copy
import dataclasses
import json
import time
import typing

from heat_upgrade.fuzz import features
from heat_upgrade.fuzz import model

Path = tuple[typing.Any, ...]


def reduce(stack: model.Stack, fails: abc.Callable[[model.Stack], bool],
           seconds: float) -> model.Stack:
    """Return a stack that fails, and none of whose parts can be left out.

    :param fails: returns True if a stack fails in the same way
    :param seconds: time after which the smallest stack so far is returned
    """
    deadline = time.monotonic() + seconds

    def attempt(smaller: model.Stack) -> bool:
        nonlocal stack
        if time.monotonic() > deadline or not fails(smaller):
            return False
        stack = smaller
        return True

    for simpler in _without_inputs(stack):
        attempt(dataclasses.replace(stack, **simpler))
    for name in list(stack.files):
        attempt(dataclasses.replace(
            stack, files={other: text for other, text in stack.files.items()
                          if other != name},
            environment_files=tuple(
                other for other in stack.environment_files
                if other != name)))
    template = features.parsed(stack.template)
    if not attempt(_with(stack, template)):
        # The failure needs the words of the text, such as those of YAML.
        return stack
    for path in _paths(template):
        smaller = _without(template, path)
        if smaller is not None and attempt(_with(stack, smaller)):
            template = smaller
    return stack


def _without_inputs(stack: model.Stack
                    ) -> abc.Iterator[dict[str, typing.Any]]:
    yield {'parameters': {}}
    yield {'environment': '{}'}
    yield {'environment_files': ()}


def _with(stack: model.Stack, template: typing.Any) -> model.Stack:
    return dataclasses.replace(
        stack, template=json.dumps(template, default=str))


def _paths(value: typing.Any, path: Path = ()) -> abc.Iterator[Path]:
    """Yield the paths of all parts, each before its own parts.

    The items of a list come from the last to the first: a removed one then
    leaves the places of the others as they are.
    """
    keys = (list(value) if isinstance(value, dict)
            else reversed(range(len(value))) if isinstance(value, list)
            else ())
    for key in keys:
        yield (*path, key)
        yield from _paths(value[key], (*path, key))


def _without(value: typing.Any, path: Path) -> typing.Any:
    """Return a copy without the part at a path; None if it is gone."""
    changed = copy.deepcopy(value)
    parent = changed
    try:
        for key in path[:-1]:
            parent = parent[key]
        del parent[path[-1]]
    except (KeyError, IndexError):
        return None
    return changed

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

"""Check ``resources``: features of templates that the target removed.

Compares types with their properties and attributes, template versions with
their functions, custom constraints, and actions. If an operator gives
templates, only the differences that touch these are reported. Templates of
template_dir are checked too.
"""

from collections import abc

from heat_upgrade.checks import check_context
from heat_upgrade.checks import introspection
from heat_upgrade.checks.resources import engine_templates
from heat_upgrade.checks.resources import model
from heat_upgrade.checks.resources import own_templates
from heat_upgrade.checks.resources import samples
from heat_upgrade.checks.resources import schemas
from heat_upgrade.checks.resources import template_functions
from heat_upgrade.checks.resources import template_usage
from heat_upgrade.checks.resources import types
from heat_upgrade.checks import templates
from heat_upgrade import errors
from heat_upgrade.results import findings

READINGS = ('resources',)


def check(base: check_context.InstalledRelease,
          target: check_context.InstalledRelease,
          context: check_context.Context) -> list[findings.Finding]:
    """Return the findings of two releases.

    :raises: UsageError if no template, or the dump, cannot be read; LabError
        if a release cannot
    """
    pair, found = _compared(base, target, context)
    inputs = context.operator_inputs
    versions = pair.base['templates']
    engine = engine_templates.of(inputs)
    environment = templates.environment_of(inputs.environments)
    environment = templates.Environment(
        {**engine.environment.registry, **environment.registry},
        environment.parameters)
    files = templates.Files(inputs.templates, versions, environment)
    used = _used(
        [files, *_of_engine(engine, versions),
         *([templates.Dump(inputs.stacks_from, versions)]
           if inputs.stacks_from else ())], pair, found)
    if files.refused and not used.templates:
        raise errors.UsageError('\n'.join(map(str, files.refused.values())))
    own = [*own_templates.unreadable(files),
           *own_templates.findings(found, used, pair)]
    if inputs.templates or inputs.stacks_from:
        return own
    return [*own, *(model.finding(each) for each in found)]


def engine_findings(base: check_context.InstalledRelease,
                    target: check_context.InstalledRelease,
                    context: check_context.Context
                    ) -> list[findings.Finding]:
    """Return the findings of the templates that heat.conf gives to all stacks.

    For the check ``config``; :func:`check` has them too.
    """
    engine = engine_templates.of(context.operator_inputs)
    if not engine.paths:
        return []
    pair, found = _compared(base, target, context)
    used = _used(_of_engine(engine, pair.base['templates']), pair, found)
    return own_templates.findings(found, used, pair)


def _compared(base: check_context.InstalledRelease,
              target: check_context.InstalledRelease,
              context: check_context.Context
              ) -> tuple[model.Pair, list[model.Difference]]:
    readings = introspection.both(
        base, target, lambda subject: introspection.read(
            subject, 'resources', context))
    pair = model.Pair(readings[0], readings[1], (base.name, target.name))
    found = [*types.differences(pair), *template_functions.differences(pair),
             *samples.differences(pair)]
    found.sort(key=lambda each: (each.severity != model.ERROR, each.subject,
                                 each.rule))
    return pair, found


def _of_engine(engine: engine_templates.EngineFiles,
               versions: templates.Versions) -> list[templates.Files]:
    return [templates.Files(engine.paths, versions, engine.environment)]


def _used(sources: abc.Iterable[abc.Iterable[templates.Template]],
          pair: model.Pair,
          found: abc.Iterable[model.Difference]) -> template_usage.Used:
    return template_usage.collect(
        sources, pair.base, schemas.watched(pair.target['types'], found),
        pair.target['types'])

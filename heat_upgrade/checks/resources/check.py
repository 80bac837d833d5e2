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
    readings = introspection.both(
        base, target, lambda subject: introspection.read(
            subject, 'resources', context))
    pair = model.Pair(readings[0], readings[1], (base.name, target.name))
    found = [*types.differences(pair), *template_functions.differences(pair),
             *samples.differences(pair)]
    found.sort(key=lambda each: (each.severity != model.ERROR, each.subject,
                                 each.rule))
    inputs = context.operator_inputs
    versions = pair.base['templates']
    engine = engine_templates.of(inputs)
    environment = templates.environment_of(inputs.environments)
    environment = templates.Environment(
        {**engine.registry, **environment.registry}, environment.parameters)
    files = templates.Files(inputs.templates, versions, environment)
    used = template_usage.collect(
        [files, templates.Files(engine.directories, versions),
         *([templates.Dump(inputs.stacks_from, versions)]
           if inputs.stacks_from else ())],
        pair.base, schemas.watched(pair.target['types'], found),
        pair.target['types'])
    if files.refused and not used.templates:
        raise errors.UsageError('\n'.join(map(str, files.refused.values())))
    own = [*own_templates.unreadable(files),
           *own_templates.findings(found, used, pair)]
    if inputs.templates or inputs.stacks_from:
        return own
    return [*own, *(model.finding(each) for each in found)]

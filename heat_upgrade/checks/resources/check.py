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

"""Check ``resources``: what templates can no longer be made of.

Compares types with their properties and attributes, template versions with
their functions, custom constraints, and actions. With templates of an
operator, what they use alone.
"""

from heat_upgrade.checks import introspection
from heat_upgrade.checks.resources import model
from heat_upgrade.checks.resources import schemas
from heat_upgrade.checks.resources import template_functions
from heat_upgrade.checks.resources import template_usage
from heat_upgrade.checks.resources import types
from heat_upgrade.checks import templates

READINGS = ('resources',)


def check(base, target, context):
    """Return the findings of two releases.

    :param base: :class:`heat_upgrade.checks.check_context.InstalledRelease`
    :param target: likewise
    :param context: :class:`heat_upgrade.checks.check_context.Context`; with
        templates or a dump, what these use alone is reported
    :returns: list of :class:`heat_upgrade.results.findings.Finding`
    :raises: :class:`heat_upgrade.errors.UsageError` if a template or the
        dump cannot be read, :class:`heat_upgrade.errors.LabError` if a
        release cannot
    """
    pair = model.Pair(
        *introspection.both(base, target, lambda subject: introspection.read(
            subject, 'resources', context)), (base.name, target.name))
    found = [*types.differences(pair), *template_functions.differences(pair)]
    found.sort(key=lambda each: (each.severity != model.ERROR, each.subject,
                                 each.rule))
    if not (context.asked.templates or context.asked.stacks_from):
        return [model.finding(each) for each in found]
    used = template_usage.collect(
        templates.asked(context.asked, pair.base['templates']), pair.base,
        schemas.watched(pair.target['types'], found))
    return [model.own(each, where, template_usage.told(where, used.templates))
            for each in found
            if (where := used.touched(each.touches))]

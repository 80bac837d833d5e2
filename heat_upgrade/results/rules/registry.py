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

"""All rules, by their slugs."""

from heat_upgrade.results.rules import aged_rows
from heat_upgrade.results.rules import api
from heat_upgrade.results.rules import blame
from heat_upgrade.results.rules import config
from heat_upgrade.results.rules import fuzz
from heat_upgrade.results.rules import inflight
from heat_upgrade.results.rules import lab
from heat_upgrade.results.rules import model
from heat_upgrade.results.rules import policy
from heat_upgrade.results.rules import preflight
from heat_upgrade.results.rules import profile
from heat_upgrade.results.rules import rehearsal
from heat_upgrade.results.rules import resources
from heat_upgrade.results.rules import rpc
from heat_upgrade.results.rules import schema
from heat_upgrade.results.rules import services
from heat_upgrade.results.rules import suites
from heat_upgrade.results.rules import traffic
from heat_upgrade.results.rules import volume

# The modules that declare rules, in the order of the reference page.
MODULES = (blame, services, inflight, aged_rows, traffic, suites,
           profile, config, schema, rpc, resources, policy, api, preflight,
           rehearsal,
           fuzz, volume, lab)


def _by_slug() -> dict[str, model.Rule]:
    rules: dict[str, model.Rule] = {}
    for module in MODULES:
        for rule in module.RULES:
            if rule.slug in rules:
                raise ValueError(f'two rules have the slug {rule.slug}')
            rules[rule.slug] = rule
    return rules


BY_SLUG = _by_slug()


def get(slug: str) -> model.Rule:
    """Return the rule with a slug.

    :raises: KeyError if there is no such rule: a bug of this tool
    """
    return BY_SLUG[slug]

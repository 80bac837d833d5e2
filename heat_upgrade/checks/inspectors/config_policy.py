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

"""Lists the policy rules of Heat, and parses those of an operator."""

import logging

from oslo_policy import _checks
from oslo_policy import _parser


def read(given):
    """Return the rules that Heat registers, and the unparsable given rules.

    :param given: {name: rule} of an operator's file
    :returns: {known: {name: [deprecated since, reason] or null}, old_names:
        {old name: [new names]}, unparsable: [names]}
    """
    from heat import policies
    known, old_names = {}, {}
    for rule in policies.list_rules():
        known[rule.name] = (
            [str(rule.deprecated_since), str(rule.deprecated_reason)]
            if rule.deprecated_for_removal else None)
        olds = rule.deprecated_rule or ()
        # oslo.policy once accepted a list, too.
        for old in olds if isinstance(olds, (list, tuple)) else (olds,):
            if old.name != rule.name:
                old_names.setdefault(old.name, []).append(rule.name)
    # The parser logs a rule that it cannot parse, and returns "never".
    logging.getLogger(_parser.__name__).setLevel(logging.CRITICAL)
    unparsable = [name for name, rule in given.items() if not _parses(rule)]
    return {'known': known, 'old_names': old_names,
            'unparsable': unparsable}


def _parses(rule: object) -> bool:
    try:
        parsed = _parser.parse_rule(rule)
    except Exception:
        return False
    return (not isinstance(parsed, _checks.FalseCheck)
            or str(rule).strip() == '!')

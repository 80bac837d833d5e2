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

"""Tells which files with an operator's policy rules a release obeys."""

import contextlib
import logging
import pathlib
import tempfile
from unittest import mock
import warnings

# An operator's rule, stricter than any default.
STRICT_RULE = 'stacks:index'
STRICT_YAML = '"stacks:index": "!"\n'
STRICT_JSON = '{"stacks:index": "!"}'


def ways(conf, contexts):
    """Return {way to install an operator's rules: (obeyed, deprecated)}."""
    as_json = [('policy.json', STRICT_JSON)]
    ways = {
        'policy.yaml': ([('policy.yaml', STRICT_YAML)], None),
        'policy.json': (as_json, None),
        'policy.json named by [oslo_policy] policy_file':
            (as_json, 'policy.json'),
        'policy.d': ([('policy.d/own.yaml', STRICT_YAML)], None),
        'policy.d beside policy.yaml':
            ([('policy.yaml', '# none\n'),
              ('policy.d/own.yaml', STRICT_YAML)], None),
    }
    return {way: _obeyed(conf, contexts, *how) for way, how in ways.items()}


def _obeyed(conf, contexts, files, named):
    """Return whether rules in files are obeyed, and reported deprecated."""
    from heat.common import policy

    messages = []
    listener = logging.Handler()
    listener.emit = lambda record: messages.append(record.getMessage())
    log = logging.getLogger('oslo_policy')
    context, project = contexts['member']
    with contextlib.ExitStack() as undo:
        directory = pathlib.Path(
            undo.enter_context(tempfile.TemporaryDirectory()))
        for name, text in files:
            path = directory / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        undo.enter_context(mock.patch.object(
            conf, 'find_file', lambda name: str(directory / name)
            if (directory / name).exists() else None))
        if named:
            conf.set_override('policy_file', named, 'oslo_policy')
            undo.callback(conf.clear_override, 'policy_file', 'oslo_policy')
        log.addHandler(listener)
        undo.callback(log.removeHandler, listener)
        warned = undo.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter('always')
        may = policy.Enforcer().enforcer.enforce(
            STRICT_RULE, {'project_id': project}, context.to_policy_values())
        messages += [str(warning.message) for warning in warned]
    return not may, any('JSON' in text and 'deprecated' in text
                        for text in messages)

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

"""Parses environment files and templates with a release's engine.

These are the files that an operator gives to all stacks, in environment_dir
and template_dir.
"""


def read(given):
    """Parse files with the engine's own parsers.

    :param given: {environments: [paths], templates: [paths]}
    :returns: {path: {error: text or null, types: {resource type: problem,
        or null}}}; it contains nothing of the files but names of types
    """
    from heat.common import environment_format
    from heat.common import template_format
    from heat.engine import environment
    from heat.engine import resources
    from heat.engine import template

    resources.initialise()
    registry = resources.global_env().registry

    def of_environment(text):
        body = environment_format.parse(text)
        environment_format.default_for_missing(body)
        environment.Environment(body)
        return mapped_to(body.get('resource_registry') or {})

    def of_template(text):
        parsed = template.Template(template_format.parse(text))
        parsed.param_schemata()
        definitions = parsed.t.get(parsed.RESOURCES) or {}
        return {str(definition.get(parsed.RES_TYPE,
                                   definition.get('type')))
                for definition in definitions.values()
                if isinstance(definition, dict)}

    answers = {}
    for kind, parse in (('environments', of_environment),
                        ('templates', of_template)):
        for path in given[kind]:
            answers[path] = _parsed(path, parse, registry)
    return answers


def _parsed(path, parse, registry):
    try:
        with open(path, encoding='utf-8') as source:
            types = parse(source.read())
    except Exception as exc:
        # Messages of the YAML parser quote the file, which may hold a secret.
        mark = getattr(exc, 'problem_mark', None) or getattr(
            exc.__cause__ or exc.__context__, 'problem_mark', None)
        line = f' at line {mark.line + 1}' if mark else ''
        return {'error': f'{type(exc).__name__}{line}', 'types': {}}
    return {'error': None,
            'types': {name: _problem(name, registry)
                      for name in sorted(types)}}


def mapped_to(mapping):
    """Return the names of resource types that a registry maps to."""
    names = set()
    for key, value in mapping.items():
        if isinstance(value, dict):
            names |= mapped_to(value)
        elif isinstance(value, str) and '::' in value \
                and key not in ('hooks', 'restricted_actions'):
            names.add(value)
    return names


def _problem(name, registry):
    """Return the reason that stacks cannot use a type, None if they can."""
    if '://' in name or name.endswith(('.yaml', '.template')):
        return None
    names = registry._registry
    if name.endswith('*'):
        problems = {_problem(known, registry) for known in names
                    if known.startswith(name[:-1]) and known[-1] != '*'}
        # A part of the types may work.
        return (None if None in problems
                else min(problems, default='no type of this name'))
    if name not in names:
        matching = [known for known in names if known.endswith('*')
                    and name.startswith(known[:-1])]
        return None if matching else 'no type of this name'
    try:
        status = registry.get_class(name).support_status
    except Exception:
        # A template of the operator's, which is checked by itself.
        return None
    if status.status == 'HIDDEN':
        return ('a placeholder: Heat creates nothing for it, and the stack is '
                'complete')
    return None

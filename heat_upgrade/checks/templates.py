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

"""Templates of an operator's stacks, from files and from a database dump.

No error has anything of their content in it: what is wrong, in which file, at
which line.
"""

import dataclasses
import json

import yaml

from heat_upgrade import errors
from heat_upgrade.rehearsal import row_reader

# Nobody writes templates that are nested deeper; what is would end us.
_DEEPEST = 200

# What of a stack names templates.
_REFERENCES = ('raw_template_id', 'prev_raw_template_id')


@dataclasses.dataclass(frozen=True)
class Template:
    """A template.

    :ivar label: what a finding calls it: its file, or raw_template and id
    :ivar version: as heat.templates has it: heat_template_version.2013-05-23
    :ivar data: what it says, a dict
    :ivar registry: resource_registry of its environment
    """

    label: str
    version: str
    data: dict
    registry: dict = dataclasses.field(default_factory=dict)


class Files:
    """Templates in files; those that cannot be read are bad input.

    :param paths: files
    :param versions: those that the base knows, as Template has them
    """

    def __init__(self, paths, versions):
        self._paths = paths
        self._versions = versions

    def __iter__(self):
        for path in self._paths:
            yield self._template(path)

    def _template(self, path):
        text = _text(path)
        data = _parsed(path, text)
        if not isinstance(data, dict):
            raise _wrong(path, 1, 'a template is a mapping, this is none')
        version = version_of(data, self._versions)
        if version is None:
            raise _wrong(path, 1, 'no template version that the base knows '
                         '(heat_template_version, HeatTemplateFormatVersion '
                         'or AWSTemplateFormatVersion)')
        for section in ('parameters', 'resources', 'outputs', 'conditions'):
            for name in (section, section.title()):
                if not isinstance(data.get(name) or {}, dict):
                    raise _wrong(path, _line_of(text, name),
                                 'this section is no mapping')
        return Template(str(path), version, data)


class Dump:
    """Templates in the rows of a database dump.

    What a row has that is no template of the base is left out: a database
    has what earlier releases accepted. So are templates of stacks that were
    deleted.

    :param path: what mysqldump wrote; plain, gzip or zstd
    :param versions: those that the base knows, as Template has them
    """

    def __init__(self, path, versions):
        self._path = path
        self._versions = versions

    def __iter__(self):
        live = self._live()
        found = False
        for row in self._rows('raw_template', ('id', 'template',
                                               'environment')):
            found = True
            if row['id'] in live:
                yield from self._template(row)
        if not found:
            raise errors.UsageError(
                f'{self._path} has no rows of raw_template: it is no dump of '
                "Heat's database, or one without stacks; give what mysqldump "
                'writes of the whole database')

    def _rows(self, table, columns):
        for row in row_reader.rows(self._path, table):
            if not row.keys() >= set(columns):
                raise errors.UsageError(
                    f'{self._path} has rows of {table} but not all of its '
                    'columns; make the dump without --no-create-info')
            yield row

    def _template(self, row):
        if isinstance(row['template'], bytes):
            raise errors.UsageError(
                f'{self._path}: raw_template {row["id"]} is no UTF-8; make '
                'the dump with --default-character-set=utf8mb4')
        data = _decoded(row['template'])
        version = version_of(data, self._versions)
        if version is not None:
            registry = _decoded(row['environment']).get('resource_registry')
            yield Template(f'raw_template {row["id"]}', version, data,
                           registry if isinstance(registry, dict) else {})

    def _live(self):
        """Return the ids of templates of stacks that are not deleted."""
        return {row[column]
                for row in self._rows('stack', ('deleted_at', *_REFERENCES))
                if row['deleted_at'] is None
                for column in _REFERENCES}


def asked(wanted, versions):
    """Return the templates that an operator asks about, as iterables.

    :param wanted: :class:`heat_upgrade.checks.check_context.OperatorInputs`
    :param versions: those that the base knows
    """
    return [Files(wanted.templates, versions),
            *([Dump(wanted.stacks_from, versions)]
              if wanted.stacks_from else ())]


def version_of(data, versions):
    """Return the version of a template; None if none of these.

    :param versions: as Template has them
    """
    for key in ('heat_template_version', 'HeatTemplateFormatVersion',
                'AWSTemplateFormatVersion'):
        if f'{key}.{data.get(key)}' in versions:
            return f'{key}.{data[key]}'
    return None


class _Loader(getattr(yaml, 'CSafeLoader', yaml.SafeLoader)):
    """Reads YAML as heat.common.template_format does: dates are text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers
            if tag != 'tag:yaml.org,2002:timestamp']
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()}


def _text(path):
    try:
        data = path.read_bytes()
    except OSError as error:
        raise errors.UsageError(
            f'{path} cannot be read: {error.strerror}; name a template in '
            'HOT or CFN, YAML or JSON')
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _wrong(path, data.count(b'\n', 0, error.start) + 1,
                     'this is no UTF-8') from None


def _parsed(path, text):
    what = 'this is neither YAML nor JSON, or has tags that Heat does not know'
    try:
        if not _is_deep(text):
            return yaml.load(text, Loader=_Loader)
        line, what = 1, f'this is nested deeper than {_DEEPEST}'
    except yaml.reader.ReaderError as error:
        line = text.count('\n', 0, error.position) + 1
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
    except (yaml.YAMLError, RecursionError, ValueError, TypeError):
        line = 1
    # What the parser says may have the text in it.
    raise _wrong(path, line, what)


def _is_deep(text):
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            return True
    return False


def _line_of(text, name):
    """Return the line of a section."""
    for key, _ in yaml.compose(text, Loader=_Loader).value:
        if key.value == name:
            return key.start_mark.line + 1
    return 1


def _wrong(path, line, what):
    return errors.UsageError(
        f'{path}, line {line}: {what}; name a template in HOT or CFN, YAML '
        'or JSON')


def _decoded(text):
    """Return what a column with JSON in it holds; {} if it holds no map."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) and not _is_nested(value) else {}


def _is_nested(value):
    """Return whether something is nested too deeply for us."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for each in level
                 for inner in (each.values() if isinstance(each, dict)
                               else each)
                 if isinstance(inner, (dict, list))]
        if not level:
            return False
    return True

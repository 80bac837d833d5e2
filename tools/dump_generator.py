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

"""Generates dumps of any size, with stacks that load: always the same bytes.

The rows are those that Heat 25.0.2 writes for a few stacks, with other IDs and
names. It needs no database.
"""

from collections import abc
import contextlib
import gzip
import json
import pathlib
import typing

import zstandard

TABLES = pathlib.Path(__file__).with_name('dump_tables.sql')
REVISION = 'c6214ca60943'

# The auth_encryption_key of the encrypted values; used for nothing else.
KEY = 'generated-dumps-have-a-known-key'
_METHOD = 'cryptography_decrypt_v1'
_TOKEN = 'gAAAAABpVbkAcmVoZWFyc2FsLW9mLW5vd'
_PARAMETER = _TOKEN + ('-UqqfSpD_6jw8669dhdVKO4mt5nCIsRPU9uPi7PERA6y026sK4kANk'
                       'P-fNTBo-s3g==')
_VALUE = _TOKEN + ('0YIpW_d6wl6ceroR3VjZuqIkgdwpUnCkdkA7vZXd_mg546n9lpOVUVx5Yi'
                   'OUpWXYDPMP1TfCnkq8bExLWzAe68=')
_TRUST = _TOKEN + ('1cs1cj1mYZPalKTpK5vzw9CcKbxBtrxnZ5k5vUu6Shc2mw1Vc4H8ls2dsr'
                   'qa43j0Z_0SJxIGTGtTYoCwrTmzyPSdLGScL9vAOX2GnebRZ0z')

_STATEMENT = 2**20
_TENANT = 'e5a74c99937747d38b4202268c205047'
_USER = '76ad56eb899a42efbad0d8a761aadce5'
_TIME = "'2026-01-01 12:00:00'"

_HEAD = '''\
-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: heat
-- ------------------------------------------------------

/*!40101 SET NAMES utf8mb4 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
'''
_TAIL = '\n-- Dump completed on 2026-01-01 12:00:00\n'

# Kinds of stacks. Of each ten, one is a group, one its nested stack, one has
# a hidden parameter, one is deleted; the others have two plain resources.
GROUP, NESTED, HIDDEN, DELETED, PLAIN = range(5)

_STRING = {'type': 'OS::Heat::RandomString', 'properties': {'length': 12}}
_OUTPUTS = {'text': {'value': {'get_attr': ['a', 'value']}}}
_TEMPLATES: dict[int, dict[str, typing.Any]] = {
    GROUP: {'heat_template_version': '2018-08-31', 'resources': {
        'a': {'type': 'OS::Heat::ResourceGroup', 'properties': {
            'count': 2, 'resource_def': _STRING}},
        'b': {'type': 'OS::Heat::Value', 'properties': {
            'value': {'get_attr': ['a', 'value']}}}}, 'outputs': _OUTPUTS},
    NESTED: {'heat_template_version': '2015-04-30', 'resources': {
        '0': _STRING, '1': _STRING}, 'outputs': {'refs_map': {'value': {
            '0': {'get_resource': '0'}, '1': {'get_resource': '1'}}}}},
    HIDDEN: {
        'heat_template_version': '2018-08-31',
        'parameters': {'secret': {'type': 'string', 'hidden': True}},
        'resources': {
            'a': {'type': 'OS::Heat::Value', 'properties': {
                'value': {'get_param': 'secret'}}},
            'b': _STRING}},
    DELETED: {'heat_template_version': '2018-08-31', 'resources': {}},
    PLAIN: {
        'heat_template_version': '2018-08-31',
        'description': 'It\'s a "plain" stack; größer\nas others',
        'parameters': {'length': {'type': 'number', 'default': 12}},
        'resources': {
            'a': {'type': 'OS::Heat::RandomString', 'properties': {
                'length': {'get_param': 'length'}}},
            'b': {'type': 'OS::Heat::TestResource', 'depends_on': 'a',
                  'properties': {'value': {'get_attr': ['a', 'value']}}}},
        'outputs': _OUTPUTS},
}


class _Writer(typing.Protocol):

    def write(self, data: bytes, /) -> int:
        ...


def _quoted(text: str) -> str:
    for character, escaped in ('\\', r'\\'), ('"', r'\"'), ("'", r"\'"), (
            '\n', r'\n'):
        text = text.replace(character, escaped)
    return f"'{text}'"


def _json(value: object) -> str:
    return _quoted(json.dumps(value))


_NAMES = {kind: sorted(template['resources'])
          for kind, template in _TEMPLATES.items()}
_TYPES = {kind: [template['resources'][name]['type']
                 for name in _NAMES[kind]]
          for kind, template in _TEMPLATES.items()}
_WRITTEN = {kind: _json(template) for kind, template in _TEMPLATES.items()}
_NOTHING: dict[str, typing.Any] = {
    'resource_registry': {'resources': {}}, 'parameters': {},
    'parameter_defaults': {}, 'event_sinks': [],
    'encrypted_param_names': []}
_ENVIRONMENT = _json(_NOTHING)
_SECRETS = _json({**_NOTHING, 'encrypted_param_names': ['secret'],
                  'parameters': {'secret': [_METHOD, _PARAMETER]}})
_ENCRYPTED = _json({'value': [_METHOD, _VALUE]})
_LENGTH = _json({'length': 12})
_SNAPSHOT = _json({
    'name': 's', 'action': 'SNAPSHOT', 'status': 'COMPLETE', 'files': {},
    'environment': _NOTHING, 'template': _TEMPLATES[PLAIN],
    'resources': {name: {
        'name': name, 'resource_id': name, 'type': kind,
        'action': 'SNAPSHOT', 'status': 'COMPLETE', 'metadata': {},
        'resource_data': {'value': 'abcdefghijkl'}}
        for name, kind in zip(_NAMES[PLAIN], _TYPES[PLAIN])},
    'project_id': _TENANT, 'stack_user_project_id': _TENANT, 'tags': []})


def write(path: pathlib.Path | str, *, stacks: int, events: int
          ) -> dict[str, int]:
    """Write a dump.

    :param path: path of the dump; its suffix selects the compression: .gz,
        .zst or none
    :param stacks: number of stacks; only a multiple of ten has a nested stack
        for each group
    :param events: number of events, spread over the stacks
    :returns: {table: number of its rows}
    """
    counts = {}
    makers: dict[str, abc.Callable[[], abc.Iterable[str]]] = {
        'alembic_version': lambda: [f"'{REVISION}'"],
        'event': lambda: _events(stacks, events),
        'raw_template': lambda: map(_template, range(stacks)),
        'resource': lambda: _resources(stacks),
        'resource_data': lambda: _data(stacks),
        'resource_properties_data': lambda: _properties(stacks),
        'snapshot': lambda: _snapshots(stacks),
        'stack': lambda: (_stack(n, stacks) for n in range(stacks)),
        'stack_tag': lambda: (
            f"{n + 1},{_TIME},NULL,'tag-{n % 7}','{_id(n)}'"
            for n in range(9, stacks, 10)),
        'user_creds': lambda: _creds(stacks),
    }
    with _opened(path) as out:
        out.write(_HEAD.encode())
        definitions = TABLES.read_text().split('CREATE TABLE ')[1:]
        for definition in definitions:
            name = definition.split('`')[1]
            out.write(f'\n--\n-- Table structure for table `{name}`\n--\n\n'
                      f'DROP TABLE IF EXISTS `{name}`;\n'
                      f'CREATE TABLE {definition}'
                      f'LOCK TABLES `{name}` WRITE;\n'.encode())
            rows: abc.Iterable[str] = makers.get(name, list)()
            counts[name] = _insert(out, name, rows)
            out.write(b'UNLOCK TABLES;\n')
        out.write(_TAIL.encode())
    return counts


@contextlib.contextmanager
def _opened(path: pathlib.Path | str) -> abc.Iterator[_Writer]:
    path = pathlib.Path(path)
    with open(path, 'wb') as file:
        if path.suffix == '.gz':
            # Without a time stamp: always the same bytes.
            with gzip.GzipFile('', 'wb', 1, file, mtime=0) as out:
                yield out
        elif path.suffix == '.zst':
            with zstandard.ZstdCompressor(1).stream_writer(
                    file, closefd=False) as out:
                yield out
        else:
            yield file


def _insert(out: _Writer, name: str, rows: abc.Iterable[str]) -> int:
    """Write rows in statements of one MiB; returns the number of rows."""
    count, size = 0, 0
    batch: list[str] = []

    def flush() -> None:
        if batch:
            out.write(f'INSERT INTO `{name}` VALUES\n('.encode()
                      + '),\n('.join(batch).encode() + b');\n')
    for row in rows:
        batch.append(row)
        count += 1
        size += len(row)
        if size > _STATEMENT:
            flush()
            size, batch = 0, []
    flush()
    return count


def _kind(number: int) -> int:
    return min(number % 10, PLAIN)


def _id(number: int) -> str:
    return f'{number:08x}-5ac0-4000-8000-{number:012x}'


def _stack_name(number: int) -> str:
    if _kind(number) == NESTED:
        return f'stack-{number - 1}-a-{number:012d}'
    return f'stack-{number}'


def _living(stacks: int) -> abc.Iterator[int]:
    return (number for number in range(stacks) if _kind(number) != DELETED)


def _template(number: int) -> str:
    kind = _kind(number)
    environment = _SECRETS if kind == HIDDEN else _ENVIRONMENT
    return (f"{number + 1},{_TIME},NULL,{_WRITTEN[kind]},'null',"
            f'{environment},NULL')


def _stack(number: int, stacks: int) -> str:
    kind, root = _kind(number), number
    owner = parent = 'NULL'
    deleted, action = 'NULL', 'CREATE'
    creds: int | str = number + 1
    if kind == NESTED:
        root = number - 1
        owner, parent, creds = f"'{_id(root)}'", "'a'", root + 1
    elif kind == DELETED:
        deleted, action, creds = _TIME, 'DELETE', 'NULL'
    first = 2 * number + 1
    deps = ('{\\"edges\\": []}' if kind == DELETED else
            f'{{\\"edges\\": [[[{first}, true], null], '
            f'[[{first + 1}, true], null]]}}')
    return (f"'{_id(number)}',{_TIME},NULL,{deleted},"
            f"'{_stack_name(number)}',{number + 1},NULL,{creds},'user-"
            f"{number % 50}',{owner},'{action}','COMPLETE',"
            f"'Stack {action} completed successfully',60,'{_TENANT}',1,"
            f"'{_TENANT}',0,{int(kind == NESTED)},1,"
            f"'{_id(number)}','{deps}',{parent}")


def _resources(stacks: int) -> abc.Iterator[str]:
    for number in _living(stacks):
        kind = _kind(number)
        root = _id(number - (kind == NESTED))
        for index, name in enumerate(_NAMES[kind]):
            row = 2 * number + 1 + index
            physical = (_id(number + 1) if kind == GROUP and name == 'a'
                        else f'{_stack_name(number)}-{name}-{row:012d}')
            yield (f"{row},'{row:08x}-7e50-4000-8000-{row:012x}',"
                   f"'{physical}','{name}',{_TIME},NULL,'CREATE','COMPLETE',"
                   f"'state changed','{_id(number)}','{{}}','null',NULL,2,"
                   f"'[]','[]',NULL,NULL,{number + 1},NULL,'{root}',{row},"
                   'NULL')


def _data(stacks: int) -> abc.Iterator[str]:
    for number in _living(stacks):
        row = 2 * number + 1
        yield f"{row},{_TIME},NULL,'value','abcdefghijkl',0,'',{row}"


def _properties(stacks: int) -> abc.Iterator[str]:
    for number in _living(stacks):
        hidden = _kind(number) == HIDDEN
        for index in range(2):
            row = 2 * number + 1 + index
            secret = hidden and not index
            yield (f'{row},{_ENCRYPTED if secret else _LENGTH},'
                   f'{int(secret)},{_TIME},NULL')


def _snapshots(stacks: int) -> abc.Iterator[str]:
    for number in range(5, stacks, 20):
        yield (f"'{number:08x}-54a9-4000-8000-{number:012x}','{_id(number)}',"
               f"'s',{_TIME},NULL,'COMPLETE','Stack SNAPSHOT completed "
               f"successfully',{_SNAPSHOT},'{_TENANT}'")


def _creds(stacks: int) -> abc.Iterator[str]:
    for number in _living(stacks):
        if _kind(number) != NESTED:
            yield (f"{number + 1},{_TIME},NULL,NULL,NULL,NULL,'{_METHOD}',"
                   f"'admin','http://192.0.2.1:5000/v3/','{_TENANT}',"
                   f"'{_TRUST}','{_USER}'")


def _events(stacks: int, events: int) -> abc.Iterator[str]:
    for row in range(1, events + 1):
        number = (row - 1) * stacks // events
        kind, names = _kind(number), _NAMES[_kind(number)]
        status = 'COMPLETE' if row % 2 else 'IN_PROGRESS'
        if names and row % 5:
            index = row % 2
            rest = (f"'{names[index]}','{_stack_name(number)}-{row:012d}',"
                    f"'state changed','{_TYPES[kind][index]}',NULL,"
                    f'{2 * number + 1 + index}')
        else:
            rest = (f"'{_stack_name(number)}','{_id(number)}',"
                    f"'Stack CREATE {status.lower()}','OS::Heat::Stack',"
                    'NULL,NULL')
        yield (f"{row},'{row:08x}-e7e0-4000-8000-{row:012x}',"
               f"'{_id(number)}',{_TIME},NULL,'CREATE','{status}',{rest}")

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

"""Encrypts the secrets of a stack as releases of Heat before Pike did.

Each secret in Heat's database names its decrypt method. Heat no longer
encrypts for the older methods, and must still decrypt them
(heat/common/crypt.py).
"""

import base64
from collections import abc
import json
import secrets
import typing

from cryptography import fernet
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers import modes
from cryptography.hazmat.primitives import padding

CURRENT = 'cryptography_decrypt_v1'
# Methods of Havana to Kilo, and of releases before Havana.
OSLO, HEAT = 'oslo_decrypt_v1', 'heat_decrypt'
BLOCK = 16
# Heat uses at most 32 characters of a key, and repeats a shorter one for
# Fernet only.
KEY = 32

Execute = abc.Callable[..., abc.Iterable[tuple[typing.Any, ...]]]


def decrypt(text: str, key: str) -> bytes:
    """Return the plain text of a secret of the current method."""
    if len(key) < KEY:
        key *= 2
    return fernet.Fernet(base64.b64encode(key[:KEY].encode())).decrypt(
        text.encode())


def encrypt(plain: bytes, method: str, key: str) -> str:
    """Return a secret of an older method.

    :param method: OSLO or HEAT
    """
    iv = secrets.token_bytes(BLOCK)
    algorithm = algorithms.AES(key[:KEY].encode())
    if method == HEAT:
        return _text(iv, _cfb(algorithm, iv, plain))
    # The padding did not count the byte with its size.
    padder = padding.ANSIX923(BLOCK * 8).padder()
    padded = padder.update(plain + b'\0') + padder.finalize()
    encryptor = Cipher(algorithm, modes.CBC(iv)).encryptor()
    return _text(iv, encryptor.update(padded) + encryptor.finalize())


def _cfb(algorithm: algorithms.AES, iv: bytes, plain: bytes) -> bytes:
    """Encrypt in the CFB mode, which new versions of the library lack."""
    encryptor = Cipher(algorithm, modes.ECB()).encryptor()
    blocks = [iv]
    for start in range(0, len(plain), BLOCK):
        stream = encryptor.update(blocks[-1])
        blocks.append(bytes(
            a ^ b for a, b in zip(plain[start:start + BLOCK], stream)))
    return b''.join(blocks[1:])


def _text(iv: bytes, encrypted: bytes) -> str:
    return base64.b64encode(iv + encrypted).decode()


class Rewriter:
    """Encrypts the secrets of one stack again.

    :param execute: executes a statement with its values; returns all rows
    :param key: Heat's auth_encryption_key
    """

    def __init__(self, execute: Execute, method: str, key: str) -> None:
        self._execute = execute
        self._method = method
        self._key = key

    def rewrite(self, stack: str) -> None:
        """Encrypt credentials, resource data, properties and parameters.

        :param stack: ID of the stack
        """
        self._columns(
            'user_creds', 'trust_id',
            'id = (SELECT user_creds_id FROM stack WHERE id = %s)', stack)
        self._columns(
            'resource_data', 'value',
            'resource_id IN (SELECT id FROM resource WHERE stack_id = %s)',
            stack)
        self._documents(
            'resource_properties_data', 'data',
            'id IN (SELECT rsrc_prop_data_id FROM resource '
            'WHERE stack_id = %s)', stack)
        self._documents(
            'raw_template', 'environment',
            'id = (SELECT raw_template_id FROM stack WHERE id = %s)', stack)

    def _again(self, secret: str) -> str:
        return encrypt(decrypt(secret, self._key), self._method, self._key)

    def _columns(self, table: str, column: str, where: str,
                 stack: str) -> None:
        for row, secret in self._execute(
                f'SELECT id, {column} FROM {table} WHERE {where} '
                'AND decrypt_method = %s', stack, CURRENT):
            self._execute(
                f'UPDATE {table} SET {column} = %s, decrypt_method = %s '
                'WHERE id = %s', self._again(secret), self._method, row)

    def _documents(self, table: str, column: str, where: str,
                   stack: str) -> None:
        for row, text in self._execute(
                f'SELECT id, {column} FROM {table} WHERE {where}', stack):
            self._execute(f'UPDATE {table} SET {column} = %s WHERE id = %s',
                          json.dumps(self._replace(json.loads(text))), row)

    def _replace(self, value: typing.Any) -> typing.Any:
        """Return a document with each [method, secret] encrypted again."""
        if isinstance(value, list):
            if len(value) == 2 and value[0] == CURRENT:
                return [self._method, self._again(value[1])]
            return [self._replace(part) for part in value]
        if isinstance(value, dict):
            return {key: self._replace(part) for key, part in value.items()}
        return value

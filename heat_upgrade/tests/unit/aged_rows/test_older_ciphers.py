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

"""Encryption for the decrypt methods of older releases of Heat."""

import base64
import json

from cryptography import fernet
from cryptography.hazmat.decrepit.ciphers import modes as old_modes
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers import modes
from cryptography.hazmat.primitives import padding
import ddt
import testtools

from heat_upgrade.aged_rows import older_ciphers

KEY = '0123456789abcdef' * 2


def encrypted(text, key=KEY):
    """Return a secret as Heat has encrypted it since Pike."""
    return fernet.Fernet(base64.b64encode(key.encode())).encrypt(
        text.encode()).decode()


def decrypted(method, secret, key=KEY):
    """Return the text of a secret, as heat/common/crypt.py of 27.0.1 does."""
    data = base64.b64decode(secret)
    mode = {'oslo_decrypt_v1': modes.CBC,
            'heat_decrypt': old_modes.CFB}[method]
    decryptor = Cipher(algorithms.AES(key.encode()),
                       mode(data[:16])).decryptor()
    plain = decryptor.update(data[16:]) + decryptor.finalize()
    if method == 'oslo_decrypt_v1':
        unpadder = padding.ANSIX923(128).unpadder()
        plain = (unpadder.update(plain) + unpadder.finalize())[:-1]
    return plain.decode()


@ddt.ddt
class CipherTest(testtools.TestCase):

    @ddt.data('oslo_decrypt_v1', 'heat_decrypt')
    def test_heat_decrypts_the_secret(self, method):
        for text in ('', 'trust', 'sixteen charact.', 'ge\u00e4ndert' * 9):
            secret = older_ciphers.encrypt(text.encode(), method, KEY)
            self.assertEqual(text, decrypted(method, secret))

    def test_a_key_of_16_characters_is_repeated(self):
        self.assertEqual(b'trust', older_ciphers.decrypt(
            encrypted('trust', KEY[:16] * 2), KEY[:16]))


class RewriterTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.rows = {
            'user_creds': [(1, encrypted('trust'))],
            'resource_data': [(2, encrypted('random'))],
            'resource_properties_data': [(3, json.dumps(
                {'value': ['cryptography_decrypt_v1', encrypted('"v1"')]}))],
            'raw_template': [(4, json.dumps(
                {'parameters': {'secret': [
                    'cryptography_decrypt_v1', encrypted('s')], 'a': [1]},
                 'encrypted_param_names': ['secret']}))]}
        self.written = []

    def execute(self, statement, *values):
        words = statement.split()
        if words[0] == 'SELECT':
            return self.rows[words[words.index('FROM') + 1]]
        self.written.append((words[1], values))
        return []

    def test_every_secret_of_a_stack_is_rewritten(self):
        older_ciphers.Rewriter(self.execute, 'heat_decrypt',
                               KEY).rewrite('stack-1')
        written = dict(self.written)
        for table, text in (('user_creds', 'trust'),
                            ('resource_data', 'random')):
            secret, method, _ = written[table]
            self.assertEqual(('heat_decrypt', text),
                             (method, decrypted(method, secret)))
        data = json.loads(written['resource_properties_data'][0])
        self.assertEqual('"v1"', decrypted(*data['value']))
        environment = json.loads(written['raw_template'][0])
        self.assertEqual('s', decrypted(*environment['parameters']['secret']))
        self.assertEqual([1], environment['parameters']['a'])

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

"""Certificates for one ZooKeeper and its clients, good for a day."""

import dataclasses
import datetime
import ipaddress
import pathlib

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography import x509
from cryptography.x509 import oid

from heat_upgrade import filesystem

_LIFE = datetime.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class Certificates:
    """Paths of PEM files.

    :ivar ca: certificate of the authority that has signed both others
    :ivar server: the server's key and certificate in one file
    :ivar cert: the client's certificate
    :ivar key: the client's key
    """

    ca: pathlib.Path
    server: pathlib.Path
    cert: pathlib.Path
    key: pathlib.Path


def make(directory):
    """Make the certificates, signed by an authority that is then forgotten.

    :returns: :class:`Certificates`
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name('heat-upgrade tests')
    authority = _builder(name, name, key).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
            key, hashes.SHA256())
    server_key, server = _signed('127.0.0.1', name, key)
    client_key, client = _signed('client', name, key)
    made = Certificates(*(directory / one for one in (
        'ca.pem', 'server.pem', 'client.pem', 'client.key')))
    filesystem.write_atomically(made.ca, _pem(authority))
    filesystem.write_atomically(
        made.server, _pem(server) + _secret(server_key)
    )
    filesystem.write_atomically(made.cert, _pem(client))
    filesystem.write_atomically(made.key, _secret(client_key))
    return made


def _signed(name, issuer, issuer_key):
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _builder(_name(name), issuer, key).add_extension(
        x509.SubjectAlternativeName([
            x509.DNSName('localhost'),
            x509.IPAddress(ipaddress.ip_address('127.0.0.1'))]),
        critical=False).sign(issuer_key, hashes.SHA256())
    return key, certificate


def _builder(subject, issuer, key):
    now = datetime.datetime.now(datetime.UTC)
    return (x509.CertificateBuilder().subject_name(subject)
            .issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _LIFE).not_valid_after(now + _LIFE))


def _name(text):
    return x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, text)])


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _secret(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()).decode()

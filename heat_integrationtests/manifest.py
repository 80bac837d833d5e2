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

"""The manifests that one phase leaves for the next: JSON files.

A file is written atomically, and only its owner may read it: it can contain
generated secrets, since an unchanged secret is a fact to verify.
"""

import json
import os
import tempfile

from heat_integrationtests import aliases

# Increase it when readers of the older schema cannot interpret the file.
SCHEMA = 1


class ManifestError(Exception):
    """A manifest cannot be used."""


class Missing(ManifestError):
    """The manifest does not exist: the pre phase did not record it."""


class Damaged(ManifestError):
    """The file exists, but is not a valid manifest."""


class Newer(ManifestError):
    """A newer release of these tests wrote the file."""


class Exists(ManifestError):
    """A manifest that is still needed would be overwritten."""


def path(directory: str, name: str) -> str:
    """Return the path of the manifest of this name."""
    return os.path.join(directory, f'{name}.json')


def names(directory: str) -> list[str]:
    """Return the names of the manifests in a directory, sorted."""
    try:
        files = os.listdir(directory)
    except FileNotFoundError:
        return []
    return sorted(file[:-len('.json')] for file in files
                  if file.endswith('.json') and not file.startswith('.'))


def exists(directory: str, name: str) -> bool:
    """Return True if there is a manifest, readable or not."""
    return os.path.exists(path(directory, name))


def save(directory: str, name: str, content: aliases.Json) -> None:
    """Write a manifest atomically; only its owner may read it.

    :param content: JSON data; the schema version is added
    """
    os.makedirs(directory, mode=0o700, exist_ok=True)
    target = path(directory, name)
    handle, temporary = tempfile.mkstemp(
        dir=directory, prefix=f'.{name}.', suffix='.tmp')  # mode 0600
    try:
        with os.fdopen(handle, 'w', encoding='utf-8') as file:
            json.dump({'schema': SCHEMA, **content}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    # The rename is durable only after a sync of the directory.
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def load(directory: str, name: str) -> aliases.Json:
    """Read a manifest.

    :returns: the saved content, and the key ``schema``
    :raises Missing: the manifest does not exist
    :raises Damaged: the file is not a valid manifest
    :raises Newer: the schema is newer than this code
    """
    file = path(directory, name)
    try:
        with open(file, encoding='utf-8') as stream:
            content = json.load(stream)
    except FileNotFoundError:
        raise Missing(
            f'The manifest {file} does not exist: nothing was recorded for '
            f'{name} before the upgrade, or the pre-upgrade phase used '
            'another state directory. Nothing can be compared without '
            'it.') from None
    except (OSError, ValueError) as error:
        raise Damaged(
            f'The manifest {file} cannot be read: {error}. Restore it from '
            'a copy; without it the stacks of the scenario cannot be '
            'checked.') from error
    schema = content.get('schema') if isinstance(content, dict) else None
    if not isinstance(schema, int):
        raise Damaged(f'The file {file} is JSON, but not a manifest: it has '
                      'no schema version.')
    if schema > SCHEMA:
        raise Newer(
            f'The manifest {file} has schema version {schema}; this release '
            f'of heat-upgrade-tests reads versions up to {SCHEMA}. Run all '
            'phases with the release that ran the first one, or with a '
            'newer release.')
    manifest: aliases.Json = content
    return manifest


def archive(directory: str, label: str) -> str | None:
    """Move all manifests into a subdirectory, after their last use.

    :param label: name of the subdirectory
    :returns: its path, or None if there was no manifest
    """
    manifests = names(directory)
    if not manifests:
        return None
    target = os.path.join(directory, label)
    os.makedirs(target, mode=0o700)
    for name in manifests:
        os.rename(path(directory, name), path(target, name))
    return target

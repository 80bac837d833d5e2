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

"""What one phase leaves for the next: a JSON file for each scenario.

A file is written whole or not at all, and only its owner may read it: it
can hold generated secrets, since "the secret is the same" is a fact.
"""

import json
import os
import tempfile

# Raise it when a reader of the older schema could not make sense of the file.
SCHEMA = 1


class ManifestError(Exception):
    """A manifest cannot be used; what is in it is not known."""


class Missing(ManifestError):
    """There is no such manifest: the pre phase did not record it."""


class Damaged(ManifestError):
    """The file is there, and is not a manifest."""


class Newer(ManifestError):
    """A newer release of these tests has written the file."""


class Exists(ManifestError):
    """A manifest would be overwritten that nobody has finished with."""


def path(directory, name):
    """Give the path of the manifest of this name."""
    return os.path.join(directory, f'{name}.json')


def names(directory):
    """Give the names of the manifests in a directory, sorted."""
    try:
        files = os.listdir(directory)
    except FileNotFoundError:
        return []
    return sorted(file[:-len('.json')] for file in files
                  if file.endswith('.json') and not file.startswith('.'))


def exists(directory, name):
    """Tell whether there is a manifest, readable or not."""
    return os.path.exists(path(directory, name))


def save(directory, name, content):
    """Write a manifest, atomically and for the owner alone.

    :param content: what to write, a dictionary that JSON can hold; the
        schema version is added
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
    # The rename itself is only safe once the directory is on the disk.
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def load(directory, name):
    """Read a manifest.

    :returns: the dictionary that was saved, with the key ``schema``
    :raises Missing: there is none
    :raises Damaged: it cannot be read as one
    :raises Newer: its schema is newer than this code
    """
    file = path(directory, name)
    try:
        with open(file, encoding='utf-8') as stream:
            content = json.load(stream)
    except FileNotFoundError:
        raise Missing(
            f'There is no manifest {file}: nothing was recorded for {name} '
            'before the upgrade, or the state directory is not the one '
            'that the pre-upgrade phase wrote to. What it would have '
            'described cannot be checked.') from None
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
            f'of heat-upgrade-tests reads versions up to {SCHEMA}. Run the '
            'later phases with the release that ran the first one, or with '
            'a newer one.')
    return content


def archive(directory, label):
    """Move all manifests into a directory beside them; they are done with.

    :param label: name of that directory
    :returns: its path, or None when there was no manifest
    """
    known = names(directory)
    if not known:
        return None
    target = os.path.join(directory, label)
    os.makedirs(target, mode=0o700)
    for name in known:
        os.rename(path(directory, name), path(target, name))
    return target

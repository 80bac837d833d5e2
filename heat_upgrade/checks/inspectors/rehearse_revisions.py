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

"""Lists the migrations of a release, without a database."""

import pathlib

from alembic import config as alembic_config
from alembic import script
from heat import db


def directory():
    """Return Heat's own alembic.script.ScriptDirectory."""
    package = pathlib.Path(db.__file__).parent
    config = alembic_config.Config(str(package / 'alembic.ini'))
    config.set_main_option('script_location', str(package / 'migrations'))
    return script.ScriptDirectory.from_config(config)


def read(given):
    """Return {revisions: [{id, after, title}]}, the oldest first."""
    return {'revisions': [
        {'id': revision.revision, 'after': revision.down_revision,
         'title': revision.doc}
        for revision in reversed(list(directory().walk_revisions()))]}

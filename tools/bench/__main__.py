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

"""Measures the tool; see doc/source/reference/bench.rst.

    python -m tools.bench run|checks|rehearsal [OPTION...]
"""

import sys

from cliff import commandmanager

from heat_upgrade.cli import main
from tools.bench import checks
from tools.bench import rehearsal
from tools.bench import run


class Bench(main.App):
    """Measure the speed of heat-upgrade, for its maintainers."""

    NAME = 'python -m tools.bench'

    def commands(self) -> commandmanager.CommandManager:
        manager = commandmanager.CommandManager(None)
        for name, command in (('run', run.Run), ('checks', checks.Checks),
                              ('rehearsal', rehearsal.Rehearsal)):
            manager.add_command(name, command)
        return manager


if __name__ == '__main__':
    sys.exit(main.main(app=Bench))

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

"""Runs some of these programs in a release's environment.

It knows the standard library alone. What a program prints goes to the log;
what it returns goes to a file.

    driver.py ASKED SAID [SECONDS]

ASKED: JSON, a list of [path of a program, its input]. SAID: a line of JSON
for each program as soon as it ends, [result of its function ``read``, or
null; traceback, or null]. A process that takes more than SECONDS
prints where each of its threads is, and ends.
"""

import faulthandler
import gc
import importlib.util
import json
import os
import sys
import time
import traceback

# Found now, before this directory is no place to import from.
import heat_upgrade_program


def main(asked, said, seconds=None):
    if seconds:
        faulthandler.dump_traceback_later(float(seconds), exit=True)
        heat_upgrade_program.deadline = time.monotonic() + float(seconds)
    # A fifth of the time of an import of Heat goes into looking for garbage,
    # of which there is none; a program that makes some looks for it again.
    gc.disable()
    # Beside a program stand others, whose names are those of libraries.
    sys.path.pop(0)
    with open(asked) as source:
        requests = json.load(source)
    with open(said, 'w') as out:
        os.chmod(said, 0o600)
        for number, (path, given) in enumerate(requests):
            answer = _answer(number, path, given)
            if heat_upgrade_program.left() <= 0:
                # Its fork ran out of time: that is no answer.
                os._exit(1)
            out.write(answer + '\n')
            # A later one may take the process down.
            out.flush()


def _answer(number, path, given):
    """Run a program; return its line of SAID."""
    try:
        spec = importlib.util.spec_from_file_location(
            f'heat_upgrade_program_{number}', path)
        program = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(program)
        return json.dumps([program.read(given), None])
    except (Exception, SystemExit):
        # oslo.config ends the process for an option that it does not know.
        return json.dumps([None, traceback.format_exc()])


if __name__ == '__main__':
    main(*sys.argv[1:])

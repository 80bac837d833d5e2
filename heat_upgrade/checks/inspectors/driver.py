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

"""Runs inspectors in a release's environment.

It imports only the standard library. The output of a program goes to the log;
its result goes to a file.

    driver.py REQUESTS ANSWERS [SECONDS]

REQUESTS: JSON, a list of [path of a program, its input]. ANSWERS: a line of
JSON for each program as soon as it ends, [result of its function ``read``, or
null; traceback, or null]. A process that takes more than SECONDS prints the
stack of each thread, and ends.
"""

import faulthandler
import gc
import importlib.util
import json
import os
import sys
import time
import traceback

# Imported now, before main() removes this directory from sys.path.
import heat_upgrade_program


def main(requests_path: str, answers_path: str,
         seconds: str | None = None) -> None:
    if seconds:
        faulthandler.dump_traceback_later(float(seconds), exit=True)
        heat_upgrade_program.deadline = time.monotonic() + float(seconds)
    # Garbage collection takes a fifth of the time of an import of Heat, and
    # finds nothing; a program that makes garbage enables it again.
    gc.disable()
    # The directory has programs whose names are those of libraries.
    sys.path.pop(0)
    with open(requests_path) as source:
        requests = json.load(source)
    with open(answers_path, 'w') as out:
        os.chmod(answers_path, 0o600)
        for number, (path, given) in enumerate(requests):
            answer = _answer(number, path, given)
            if heat_upgrade_program.left() <= 0:
                # Its fork ran out of time, so the answer is invalid.
                os._exit(1)
            out.write(answer + '\n')
            # A later program may crash the process.
            out.flush()


def _answer(number, path, given):
    """Run a program; returns its line of ANSWERS."""
    try:
        spec = importlib.util.spec_from_file_location(
            f'heat_upgrade_program_{number}', path)
        program = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(program)
        return json.dumps([program.read(given), None])
    except (Exception, SystemExit):
        # oslo.config raises SystemExit for an unknown option.
        return json.dumps([None, traceback.format_exc()])


if __name__ == '__main__':
    main(*sys.argv[1:])

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

    driver.py ASKED SAID

ASKED: JSON, a list of [path of a program, what it is given]. SAID: JSON, a
list of [what its function ``read`` returned, or null; traceback, or null].
"""

import gc
import importlib.util
import json
import os
import sys
import traceback

# Found now, before this directory is no place to import from.
import heat_upgrade_program  # noqa: F401


def main(asked, said):
    # A fifth of the time of an import of Heat goes into looking for garbage,
    # of which there is none; a program that makes some looks for it again.
    gc.disable()
    # Beside a program stand others, whose names are those of libraries.
    sys.path.pop(0)
    with open(asked) as source:
        requests = json.load(source)
    answers = []
    for number, (path, given) in enumerate(requests):
        try:
            spec = importlib.util.spec_from_file_location(
                f'heat_upgrade_program_{number}', path)
            program = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(program)
            answer = program.read(given)
            json.dumps(answer)
        except Exception:
            answers.append([None, traceback.format_exc()])
        else:
            answers.append([answer, None])
    with open(said, 'w') as out:
        os.chmod(said, 0o600)
        json.dump(answers, out)


if __name__ == '__main__':
    main(*sys.argv[1:])

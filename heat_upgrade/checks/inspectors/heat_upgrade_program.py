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

"""What the programs share: each other, and a process of their own.

The driver imports this before anything else; a program that is run by itself
finds it beside it. They are no package there.
"""

import faulthandler
import importlib.util
import json
import os
import shutil
import signal
import tempfile
import time
import traceback

# When this process has to end, on the monotonic clock; None for never.
deadline = None

# A fork prints where it hangs, and ends, so many seconds before its parent.
MARGIN = 0.5


def left():
    """Return the seconds that a fork of this process still has."""
    if deadline is None:
        return float('inf')
    return deadline - MARGIN - time.monotonic()


def beside(name):
    """Return a program that stands beside this one, imported anew.

    By its path: the names of programs are those of libraries.
    """
    spec = importlib.util.spec_from_file_location(
        f'heat_upgrade_program_{name}',
        os.path.join(os.path.dirname(__file__), f'{name}.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def apart(what, function, *args):
    """Return what a function returns in a process forked from this one.

    A program that puts its own parts into Heat, or sets the process's
    configuration, disturbs those that share its process; a fork has all that
    is imported, and keeps what it changes to itself.

    :param what: what it does, for the error
    :param function: called with a directory of its own, which is removed
        afterwards, and the arguments
    :raises: RuntimeError if it fails, with the traceback
    """
    place = tempfile.mkdtemp(dir=os.getcwd(), prefix='apart-')
    said = os.path.join(place, 'said.json')
    try:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                if deadline is not None:
                    _end_in_time()
                answer = json.dumps(function(place, *args), default=str)
                with open(said, 'w') as out:
                    out.write(answer)
                status = 0
            except BaseException:
                with open(said, 'w') as out:
                    out.write(traceback.format_exc())
            finally:
                # Nothing of the parent's is flushed or cleaned up twice.
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status:
            raise RuntimeError(f'{what} failed: {_why(said, status)}')
        with open(said) as answer:
            return json.load(answer)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _end_in_time():
    """Have a fork print where it hangs, and end, before its parent does.

    Not by faulthandler's own timer: its thread is not there in a fork, and a
    second one waits for it for ever.
    """
    faulthandler.register(signal.SIGALRM, chain=True)
    signal.setitimer(signal.ITIMER_REAL, max(0.01, left()))


def _why(said, status):
    """Return the traceback that a fork has left, or its status."""
    try:
        with open(said) as left:
            return '\n' + left.read()
    except FileNotFoundError:
        return f'its process ended with status {status}'

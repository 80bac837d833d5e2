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

"""Shared by the inspectors: loading of siblings, and forks.

The driver imports it before anything else; a program that is run by itself
finds it in its own directory. They do not form a package there.
"""

import faulthandler
import importlib.util
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback

# Deadline of this process, on the monotonic clock; None for no deadline.
deadline: float | None = None

# Seconds before the deadline at which a fork prints its stack, and ends.
MARGIN = 0.5


def left() -> float:
    """Return the seconds until a fork of this process must end."""
    if deadline is None:
        return float('inf')
    return deadline - MARGIN - time.monotonic()


def load_sibling(name):
    """Return another program of this directory, newly imported.

    It is imported by its path: some programs have the names of libraries.
    """
    spec = importlib.util.spec_from_file_location(
        f'heat_upgrade_program_{name}',
        os.path.join(os.path.dirname(__file__), f'{name}.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def apart(task, function, *args):
    """Return the result of a function that runs in a fork of this process.

    A program that replaces parts of Heat, or sets the configuration of the
    process, would disturb the other programs of its process. A fork has all
    imported modules, and its changes do not come back.

    :param task: name of the task, for the error
    :param function: called with a directory of its own, which is removed
        afterwards, and the arguments
    :raises: RuntimeError with the traceback if the function fails
    """
    directory = tempfile.mkdtemp(dir=os.getcwd(), prefix='apart-')
    path = os.path.join(directory, 'answer.json')
    try:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                if deadline is not None:
                    _end_in_time()
                answer = json.dumps(function(directory, *args), default=str)
                with open(path, 'w') as out:
                    out.write(answer)
                status = 0
            except BaseException:
                with open(path, 'w') as out:
                    out.write(traceback.format_exc())
            finally:
                # Flush and clean up nothing that belongs to the parent.
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status:
            raise RuntimeError(f'{task} failed: {_reason(path, status)}')
        with open(path) as answer:
            return json.load(answer)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def use_code(directories):
    """Let this process import an operator's own code, after Heat's.

    Called in a fork: the code has no network and leaves no bytecode.
    """
    def refuse(self, address):
        raise OSError('a check of own code has no network')
    socket.socket.connect = refuse
    socket.socket.connect_ex = refuse
    sys.dont_write_bytecode = True
    sys.path += directories


def _end_in_time() -> None:
    """Let a fork print its stack, and end, before its parent does.

    The timer of faulthandler cannot do it: a fork lacks its thread, and a
    second timer would wait for that thread forever.
    """
    faulthandler.register(signal.SIGALRM, chain=True)
    signal.setitimer(signal.ITIMER_REAL, max(0.01, left()))


def _reason(path: str, status: int) -> str:
    """Return the traceback that a fork has written, or its status."""
    try:
        with open(path) as answer:
            return '\n' + answer.read()
    except FileNotFoundError:
        return f'its process ended with status {status}'

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

"""Running functions side by side."""

import queue
import threading


def run_parallel(*functions):
    """Call functions at the same time, and wait until all have ended.

    The threads are daemons: a Ctrl-C ends the wait at once, and what they
    wait for ends with the run's processes.

    :param functions: callables without arguments
    :returns: their results, in order
    :raises: what the first of them (in order) raised, after all have ended
    """
    results = [None] * len(functions)
    raised = [None] * len(functions)

    def call(number, function):
        try:
            results[number] = function()
        except BaseException as exc:
            raised[number] = exc

    threads = [threading.Thread(target=call, args=item, daemon=True)
               for item in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for exc in raised:
        if exc is not None:
            raise exc
    return results


def map_parallel(function, items, *, threads):
    """Call a function with each of some items, so many at the same time.

    :param items: hashable
    :param threads: how many at most
    :returns: {item: what the function returned}
    :raises: what the first of them raised, after all have ended
    """
    todo = queue.SimpleQueue()
    for item in items:
        todo.put(item)
    results = {}

    def work():
        while True:
            try:
                item = todo.get_nowait()
            except queue.Empty:
                return
            results[item] = function(item)
    run_parallel(*[work] * min(threads, todo.qsize()))
    return results

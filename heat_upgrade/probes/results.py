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

"""What a run's probes have seen, read from its run directory."""

from heat_upgrade.probes import aggregates
from heat_upgrade.probes import samples
from heat_upgrade.results import journal


def make(run_dir, events):
    """Return the availability of a run, from its run directory.

    :param run_dir: the run directory
    :param events: those of its journal
    :returns: {probe: dict of sent, failed, longest_gap_s}; a probe whose
        samples are saved has besides them what
        :func:`heat_upgrade.probes.aggregates.whole` says, its question and
        interval, and steps {step: dict}
    """
    found = {
        event['data']['probe']: {
            name: value for name, value in event['data'].items()
            if name != 'probe'}
        for event in events if event['kind'] == journal.PROBE}
    origin = events[0]['monotonic'] if events else 0
    steps = [(name, start + origin, None if end is None else end + origin)
             for name, (start, end) in times(events).items()]
    for name, (about, seen) in samples.read(run_dir).items():
        found[name] = {
            **aggregates.whole(seen, origin=origin,
                               interval=about.interval),
            'question': about.question, 'interval': about.interval,
            'steps': aggregates.by_step(seen, steps, origin=origin)}
    return found


def times(events):
    """Return when the steps of a run began and ended.

    :param events: those of a journal
    :returns: {step: (start, end)} in seconds since the first event; end None
        for a step that has not ended; steps that were skipped are left out
    """
    origin = events[0]['monotonic'] if events else 0
    found = {}
    for event in events:
        if event['kind'] == journal.STEP_START:
            found[event['step']] = (event['monotonic'] - origin, None)
        elif event['kind'] == journal.STEP_END and event['step'] in found:
            found[event['step']] = (found[event['step']][0],
                                    event['monotonic'] - origin)
    return found


def spans(events):
    """Return when the steps of a run went on, in monotonic seconds.

    :param events: those of a journal
    :returns: list of (step, start, end); a step that has not ended ends with
        the events
    """
    origin = events[0]['monotonic'] if events else 0
    return [(name, start + origin,
             events[-1]['monotonic'] if end is None else end + origin)
            for name, (start, end) in times(events).items()]


def of_run(run_dir):
    """Return both, of a run that may still go on.

    :returns: (:func:`make`, :func:`times`), as
        :func:`heat_upgrade.probes.budgets.judge` takes them
    """
    events = journal.read(run_dir)
    return make(run_dir, events), times(events)

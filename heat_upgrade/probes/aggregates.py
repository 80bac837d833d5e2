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

"""What the samples of a probe amount to, in a whole run and in each step.

The functions are pure. Samples are :class:`heat_upgrade.probes.samples.Sample`
in the order of their ends.
"""

import collections
import math

# Bad answers that are less than this apart, in seconds, are one outage.
OUTAGE_JOIN = 0.5

# Shorter gaps, in seconds, are nobody's business: an answer through RPC takes
# half of one, or a whole one. So is the time of two questions.
LONG = 2


def summary(found):
    """Return the three numbers that every probe has.

    :param found: samples
    :returns: dict of sent, failed, and longest_gap_s: the longest time in
        seconds between the end of a good answer and the next good one's;
        None if there were not two, or if it had not ended with the samples
    """
    gap = longest_gap(found)
    return {'sent': len(found),
            'failed': sum(not sample.good for sample in found),
            'longest_gap_s': gap and round(gap[1] - gap[0], 2)}


def longest_gap(found, start=-math.inf, end=math.inf):
    """Return the longest gap, as far as it lies within two times.

    :param found: samples
    :param start: monotonic time in seconds
    :param end: likewise
    :returns: (start, end) of the gap in monotonic seconds; None as in
        :func:`summary`
    """
    good = [sample.end for sample in found if sample.good]
    within = [(max(before, start), min(after, end))
              for before, after in zip(good, good[1:])
              if after > start and before < end]
    longest = max(within, key=lambda gap: gap[1] - gap[0], default=None)
    if longest:
        tail = min(found[-1].end, end) - max(good[-1], start)
        if tail > longest[1] - longest[0]:
            longest = None
    return longest


def whole(found, *, origin, interval=0):
    """Return all that is said of a probe in a whole run.

    :param found: samples
    :param interval: seconds between two questions
    :param origin: monotonic time of the run's start; all times that are
        returned are seconds since then
    :returns: dict of what :func:`summary` and :func:`_more` return, and
        asked [first start, last end], gap [start, end] of the longest gap
        (null if there is none), gaps: all that are LONG, and outages, see
        :func:`outages`
    """
    gap = longest_gap(found)
    good = [sample.end for sample in found if sample.good]
    return {
        **summary(found), **_more(found, found, origin),
        'asked': [_since(origin, found[0].start if found else None),
                  _since(origin, found[-1].end if found else None)],
        'gap': gap and [_since(origin, time) for time in gap],
        'gaps': [[_since(origin, before), _since(origin, after)]
                 for before, after in zip(good, good[1:])
                 if after - before >= max(LONG, 2 * interval)],
        'outages': [{**one, 'start': _since(origin, one['start']),
                     'end': _since(origin, one['end'])}
                    for one in outages(found)],
    }


def by_step(found, steps, *, origin):
    """Return what is said of a probe in each step of a plan.

    A question belongs to the step in which it was asked; when steps go on
    side by side, to each of them. A gap counts as far as it lies within the
    step.

    :param found: samples
    :param steps: [(name, start, end)] in monotonic seconds; end None for a
        step that was cut off
    :param origin: as for :func:`whole`
    :returns: {name: dict}; steps without a question are left out
    """
    result = {}
    for name, start, end in steps:
        end = math.inf if end is None else end
        asked = [sample for sample in found if start <= sample.start < end]
        if asked:
            gap = longest_gap(found, start, end)
            result[name] = {
                **summary(asked),
                'longest_gap_s': gap and round(gap[1] - gap[0], 2),
                **_more(asked, found, origin)}
    return result


def _more(asked, found, origin):
    """Return latencies, errors, the first bad answer and when it ended.

    :param asked: samples that are told of
    :param found: all samples: the good answer that ends an outage may be to
        a question of a later step
    :returns: dict of p50_ms and p99_ms (of good answers, null without any),
        errors {class: number}, first_bad: when the first bad answer came,
        or null, first_error {error, node, detail}: what it was, and
        first_good: when the first good answer after it came, or null
    """
    bad = next((sample for sample in asked if not sample.good), None)
    good = bad and next((sample.end for sample in found
                         if sample.good and sample.end > bad.end), None)
    taken = sorted(sample.end - sample.start
                   for sample in asked if sample.good)
    return {
        'p50_ms': _percentile(taken, 50), 'p99_ms': _percentile(taken, 99),
        'errors': dict(collections.Counter(
            sample.error for sample in asked
            if not sample.good).most_common()),
        'first_bad': bad and _since(origin, bad.end),
        'first_error': bad and _what(bad),
        'first_good': _since(origin, good),
    }


def outages(found):
    """Return the times of bad answers.

    :param found: samples
    :returns: [{start, end, failed, errors, first}]: from the start of the
        first bad question to the end of the last one, in monotonic seconds,
        and what the first of them says; bad answers with a good one between
        them are joined if they are less than OUTAGE_JOIN apart
    """
    result = []
    good_since = True
    for sample in found:
        if sample.good:
            good_since = True
            continue
        if not result or good_since and (
                sample.start - result[-1]['end'] >= OUTAGE_JOIN):
            result.append({'start': sample.start, 'end': sample.end,
                           'failed': 0, 'errors': {},
                           'first': _what(sample)})
        last = result[-1]
        last['start'] = min(last['start'], sample.start)
        last['end'] = sample.end
        good_since = False
        last['failed'] += 1
        last['errors'][sample.error] = last['errors'].get(sample.error, 0) + 1
    return result


def _what(sample):
    return {'error': sample.error, 'node': sample.node,
            'detail': sample.detail}


def _percentile(ordered, percent):
    """Return the nearest-rank percentile of seconds, in milliseconds."""
    if not ordered:
        return None
    rank = math.ceil(len(ordered) * percent / 100)
    return round(ordered[max(rank, 1) - 1] * 1000, 1)


def _since(origin, time):
    return None if time is None else round(time - origin, 2)

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

"""Aggregates of a probe's samples, for a whole run and for each step.

The functions are pure. Samples are in the order of their ends.
"""

import collections
from collections import abc
import math
import typing

from heat_upgrade.probes import samples

Samples = abc.Sequence[samples.Sample]

# (name, start, end) of a step, in monotonic seconds; an interrupted step
# has the end None.
Step = tuple[str, float, float | None]

# Bad answers less than this apart, in seconds, are one outage.
OUTAGE_JOIN = 0.5

# Seconds. Shorter gaps are irrelevant: an answer through RPC takes half a
# second or a whole one. So is a gap of two questions.
LONG = 2


def summary(answers: Samples) -> dict[str, typing.Any]:
    """Return the three numbers of every probe.

    :returns: dict of sent, failed, and longest_gap_s: the longest time in
        seconds between the ends of two consecutive good answers; None with
        fewer than two, or if it had not ended with the samples
    """
    gap = longest_gap(answers)
    return {'sent': len(answers),
            'failed': sum(not sample.good for sample in answers),
            'longest_gap_s': gap and round(gap[1] - gap[0], 2)}


def longest_gap(answers: Samples, start: float = -math.inf,
                end: float = math.inf) -> tuple[float, float] | None:
    """Return the longest gap, limited to an interval.

    :param start: monotonic time in seconds
    :param end: monotonic time in seconds
    :returns: (start, end) of the gap in monotonic seconds; None as in
        summary()
    """
    good = [sample.end for sample in answers if sample.good]
    within = [(max(before, start), min(after, end))
              for before, after in zip(good, good[1:])
              if after > start and before < end]
    longest = max(within, key=lambda gap: gap[1] - gap[0], default=None)
    if longest:
        tail = min(answers[-1].end, end) - max(good[-1], start)
        if tail > longest[1] - longest[0]:
            longest = None
    return longest


def whole(answers: Samples, *, origin: float,
          interval: float = 0) -> dict[str, typing.Any]:
    """Return the aggregates of a probe for a whole run.

    :param interval: seconds between two questions
    :param origin: monotonic time of the run's start; all times in the result
        are seconds since then
    :returns: the results of summary() and _details(), and asked [first start,
        last end], gap [start, end] of the longest gap (null without one),
        gaps: those that are LONG, and outages, see outages()
    """
    gap = longest_gap(answers)
    good = [sample.end for sample in answers if sample.good]
    return {
        **summary(answers), **_details(answers, answers, origin),
        'asked': [_since(origin, answers[0].start if answers else None),
                  _since(origin, answers[-1].end if answers else None)],
        'gap': gap and [_since(origin, time) for time in gap],
        'gaps': [[_since(origin, before), _since(origin, after)]
                 for before, after in zip(good, good[1:])
                 if after - before >= max(LONG, 2 * interval)],
        'outages': [{**outage, 'start': _since(origin, outage['start']),
                     'end': _since(origin, outage['end'])}
                    for outage in outages(answers)],
    }


def by_step(answers: Samples, steps: abc.Iterable[Step], *,
            origin: float) -> dict[str, dict[str, typing.Any]]:
    """Return the aggregates of a probe for each step of a plan.

    A question belongs to each step in which it was asked; steps may overlap.
    A gap counts as far as it lies within the step.

    :param origin: as for whole()
    :returns: {name: dict}, without steps that have no question
    """
    result = {}
    for name, start, last in steps:
        end = math.inf if last is None else last
        asked = [sample for sample in answers if start <= sample.start < end]
        if asked:
            gap = longest_gap(answers, start, end)
            result[name] = {
                **summary(asked),
                'longest_gap_s': gap and round(gap[1] - gap[0], 2),
                **_details(asked, answers, origin)}
    return result


def _details(asked: Samples, answers: Samples,
             origin: float) -> dict[str, typing.Any]:
    """Return latencies, errors, the first bad answer and its recovery.

    :param asked: the samples to describe
    :param answers: all samples: the good answer that ends an outage may belong
        to a question of a later step
    :returns: dict of p50_ms and p99_ms (of good answers, null without any),
        errors {class: number}, first_bad: time of the first bad answer or
        null, first_error {error, node, detail}: its content, and first_good:
        time of the first good answer after it, or null
    """
    bad = next((sample for sample in asked if not sample.good), None)
    good = None if bad is None else next(
        (sample.end for sample in answers
         if sample.good and sample.end > bad.end), None)
    taken = sorted(sample.end - sample.start
                   for sample in asked if sample.good)
    return {
        'p50_ms': _percentile(taken, 50), 'p99_ms': _percentile(taken, 99),
        'errors': dict(collections.Counter(
            sample.error for sample in asked
            if not sample.good).most_common()),
        'first_bad': bad and _since(origin, bad.end),
        'first_error': bad and _error(bad),
        'first_good': _since(origin, good),
    }


def outages(answers: Samples) -> list[dict[str, typing.Any]]:
    """Return the outages: times of bad answers.

    :returns: [{start, end, failed, errors, first}]: from the start of the
        first bad question to the end of the last one, in monotonic seconds,
        and the content of the first; bad answers with a good one between
        them are joined if they are less than OUTAGE_JOIN apart
    """
    result: list[dict[str, typing.Any]] = []
    good_since = True
    for sample in answers:
        if sample.good:
            good_since = True
            continue
        if not result or good_since and (
                sample.start - result[-1]['end'] >= OUTAGE_JOIN):
            result.append({'start': sample.start, 'end': sample.end,
                           'failed': 0, 'errors': {},
                           'first': _error(sample)})
        last = result[-1]
        last['start'] = min(last['start'], sample.start)
        last['end'] = sample.end
        good_since = False
        last['failed'] += 1
        last['errors'][sample.error] = last['errors'].get(sample.error, 0) + 1
    return result


def _error(sample: samples.Sample) -> dict[str, str]:
    return {'error': sample.error, 'node': sample.node,
            'detail': sample.detail}


def _percentile(ordered: abc.Sequence[float], percent: float) -> float | None:
    """Return the nearest-rank percentile of seconds, in milliseconds."""
    if not ordered:
        return None
    rank = math.ceil(len(ordered) * percent / 100)
    return round(ordered[max(rank, 1) - 1] * 1000, 1)


def _since(origin: float, time: float | None) -> float | None:
    return None if time is None else round(time - origin, 2)

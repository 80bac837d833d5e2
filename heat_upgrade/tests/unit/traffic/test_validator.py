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


import dataclasses

import ddt
import testtools
from testtools import matchers

from heat_upgrade.ledger import event_log
from heat_upgrade.traffic import history
from heat_upgrade.traffic import validator
from heat_upgrade.traffic import workload

STACK = 'load-0-0'
ID = 'stack-id'


class Story:
    """A history of one stack of the shape chain, built call by call."""

    def __init__(self):
        self.now = 0.0
        self.calls = []
        self.ledger = []
        self.events = []
        self.value = None

    def call(self, operation, status=200, /, *, seconds=0.1, stack=STACK,
             **detail):
        start, self.now = self.now, self.now + seconds
        self.calls.append(history.Call(
            id=len(self.calls) + 1, client='client-0', stack=stack,
            operation=operation, start=start, end=self.now, node='node-1',
            release='26.0.2', status=status,
            result=history.result_of(status), detail=detail))
        return self

    def wait(self, result, state='', *, seconds=2):
        of = [call for call in self.calls
              if call.operation in history.MUTATIONS][-1]
        self.call(history.WAIT, seconds=seconds, of=of.id, state=state,
                  operation=of.operation)
        self.calls[-1] = dataclasses.replace(self.calls[-1], result=result)
        return self

    def fault(self, kind):
        self.call(history.FAULT, None, stack='')
        self.calls[-1] = dataclasses.replace(self.calls[-1], result=kind)
        return self

    def done(self, operation, value=None, events=True, **detail):
        """Add an operation that succeeds."""
        if value is not None and operation != history.RESTORE:
            detail['value'] = value
        if operation == history.CREATE:
            detail.update(shape=workload.CHAIN, id=ID)
        self.call(operation, 202, **detail)
        self.happens(operation, value, events)
        end = (history.GONE if operation == history.DELETE
               else history.COMPLETE)
        return self.wait(end, f'{operation.upper()}_COMPLETE')

    def happens(self, operation, value=None, events=True):
        """Let Heat do an operation, in its events and in the ledger."""
        self.value = value or self.value
        if events and operation != history.SIGNAL:
            self.events += [f'{operation.upper()}_IN_PROGRESS',
                            f'{operation.upper()}_COMPLETE']
        if operation == history.DELETE:
            self.items('delete')
        elif value is not None:
            self.items(operation, value)
        return self

    def items(self, operation, value=None, names=('first', 'second'),
              row='row', item='item'):
        for name in names:
            for status in (event_log.STARTED, event_log.DONE):
                self.ledger.append(event_log.Event(
                    time=0, monotonic=self.now, item=f'{item}-{name}',
                    label=workload.label(STACK, name), stack=ID, resource=name,
                    row=f'{row}-{name}', operation=operation, status=status,
                    number=len(self.ledger) // 2 + 1,
                    value=value and workload.outputs(workload.CHAIN,
                                                     value)[name]))
        return self

    def show(self, value=None, state='UPDATE_COMPLETE', **outputs):
        shown = workload.outputs(workload.CHAIN, value or self.value)
        return self.call(history.SHOW, id=ID, state=state,
                         outputs={**shown, **outputs})

    def resources(self, **others):
        there = {name: ['UPDATE_COMPLETE', f'item-{name}']
                 for name in ('first', 'second')}
        return self.call(history.RESOURCES, resources={**there, **others})

    def lives(self):
        """Add a stack up to its first update."""
        return self.done(history.CREATE, 'v1').show().done(
            history.UPDATE, 'v2').show()

    def dies(self):
        return self.resources().done(history.DELETE)

    def final(self, state='DELETE_COMPLETE', resources=None):
        return {STACK: {
            'state': state, 'outputs': {}, 'resources': resources or {},
            'events': [['time', name] for name in self.events]}}

    def judged(self, **final):
        return validator.validate(self.calls, self.ledger, self.final(**final))


def drop(story, name):
    story.events.remove(name)
    return story


# Histories of a correct Heat under the conditions of an upgrade.
CORRECT = {
    'a whole life': lambda: (
        Story().lives().done(history.CHECK).done(history.SUSPEND)
        .done(history.RESUME).done(history.SNAPSHOT, snapshot='s')
        .done(history.UPDATE, 'v3').show()
        .done(history.RESTORE, 'v2', snapshot='s').show('v2').dies()),
    'reads without an answer': lambda: (
        Story().lives().call(history.SHOW, None).call(history.POLL, 503)
        .call(history.SHOW, 504).show().dies()),
    'an unknown update that does not happen': lambda: (
        Story().lives().call(history.UPDATE, 503, value='v3')
        .wait(history.AT_REST, 'UPDATE_COMPLETE').show('v2').dies()),
    'an unknown update that happens': lambda: (
        Story().lives().call(history.UPDATE, None, value='v3')
        .happens(history.UPDATE, 'v3')
        .wait(history.AT_REST, 'UPDATE_COMPLETE').show('v3').dies()),
    'an unknown update that happens later': lambda: (
        Story().lives().call(history.UPDATE, 504, value='v3')
        .wait(history.AT_REST, 'UPDATE_COMPLETE').show('v2')
        .happens(history.UPDATE, 'v3').show('v3').dies()),
    'an unknown update that comes after the next one': lambda: (
        Story().lives().call(history.UPDATE, 504, value='v3')
        .wait(history.AT_REST, 'UPDATE_COMPLETE')
        .done(history.UPDATE, 'v4').show('v4')
        .happens(history.UPDATE, 'v3').show('v3').dies()),
    'a snapshot during an unknown update': lambda: (
        Story().lives().call(history.UPDATE, 504, value='v3')
        .wait(history.AT_REST, 'UPDATE_COMPLETE')
        .done(history.SNAPSHOT, snapshot='s').done(history.UPDATE, 'v4')
        .done(history.RESTORE, 'v3', snapshot='s').show('v3').dies()),
    'an unknown create that does not happen': lambda: (
        Story().call(history.CREATE, None, value='v1', shape=workload.CHAIN)
        .call(history.POLL, 404).wait(history.GONE)),
    'an unknown create that happens': lambda: (
        Story().call(history.CREATE, 504, value='v1', shape=workload.CHAIN)
        .happens(history.CREATE, 'v1')
        .wait(history.AT_REST, 'CREATE_COMPLETE').show().dies()),
    'an unknown delete that happens': lambda: (
        Story().lives().resources().call(history.DELETE, None)
        .happens(history.DELETE).call(history.POLL, 404).wait(history.GONE)),
    'an unknown delete that is sent again': lambda: (
        Story().lives().call(history.DELETE, 503)
        .wait(history.AT_REST, 'UPDATE_COMPLETE').dies()),
    'an unknown suspend that makes an update impossible': lambda: (
        Story().lives().call(history.SUSPEND, 504)
        .wait(history.AT_REST, 'UPDATE_COMPLETE')
        .call(history.UPDATE, 400, value='v3').dies()),
    'a resource that is not begun yet': lambda: (
        Story().lives().resources(
            second=['INIT_COMPLETE', '']).dies()),
    'outputs that are not there yet': lambda: (
        Story().done(history.CREATE, 'v1')
        .show(state='UPDATE_IN_PROGRESS', second=None).show().dies()),
    'a mix of outputs while it is updated': lambda: (
        Story().lives().call(history.UPDATE, 202, value='v3')
        .show('v3', state='UPDATE_IN_PROGRESS', second='v2/second')
        .happens(history.UPDATE, 'v3')
        .wait(history.COMPLETE, 'UPDATE_COMPLETE').show('v3').dies()),
    'a failure under the kill of an engine': lambda: (
        Story().lives().call(history.UPDATE, 202, value='v3')
        .happens(history.UPDATE).fault(history.SIGKILL)
        .wait(history.FAILED, 'UPDATE_FAILED').dies()),
    'an end that cannot be read': lambda: (
        Story().lives().call(history.UPDATE, 202, value='v3')
        .wait(history.UNREADABLE, seconds=90)),
    'a signal': lambda: (
        Story().lives().done(history.SIGNAL, signal='s1')
        .call(history.METADATA, signals=['s1']).dies()),
}

# (the one rule that is broken, the operation, the story)
DOCTORED = {
    'the outputs of before the update': (
        'change-lost', 'show', lambda: (
            Story().lives().done(history.UPDATE, 'v3').show('v2')
            .done(history.UPDATE, 'v4').show().dies())),
    'the item of before the update': (
        'change-lost', 'update', lambda: (
            Story().lives().call(history.UPDATE, 202, value='v3')
            .happens(history.UPDATE).items('update', 'v3', ['first'])
            .wait(history.COMPLETE, 'UPDATE_COMPLETE').show('v3').dies())),
    'a suspend that never begins': (
        'change-lost', 'suspend', lambda: (
            Story().lives().call(history.SUSPEND, 200)
            .wait(history.NOT_BEGUN, 'UPDATE_COMPLETE', seconds=90).dies())),
    'a restore that brings back nothing': (
        'change-lost', 'show', lambda: (
            Story().lives().done(history.SNAPSHOT, snapshot='s')
            .done(history.UPDATE, 'v3')
            .done(history.RESTORE, 'v2', snapshot='s').show('v3')
            .done(history.UPDATE, 'v4').show().dies())),
    'a signal that is forgotten': (
        'change-lost', 'signal', lambda: (
            Story().lives().done(history.SIGNAL, signal='s1')
            .call(history.METADATA, signals=[]).dies())),
    'a stack that is deleted without a request': (
        'change-lost', 'create', lambda: (
            Story().lives().happens(history.DELETE).call(
                history.POLL, state='DELETE_COMPLETE', id=ID))),
    'a stack that is back after its delete': (
        'change-lost', 'delete', lambda: (
            Story().lives().dies().show())),
    'an update that does not end': (
        'stuck', 'update', lambda: (
            Story().lives().call(history.UPDATE, 202, value='v3')
            .happens(history.UPDATE)
            .wait(history.STUCK, 'UPDATE_IN_PROGRESS', seconds=90))),
    'an update without a wait': (
        'stuck', 'update', lambda: (
            Story().lives().call(history.UPDATE, 202, value='v3')
            .call(history.SHOW, 503, seconds=100))),
    'an unknown update that begins and does not end': (
        'stuck', 'update', lambda: (
            Story().lives().call(history.UPDATE, 504, value='v3')
            .wait(history.STUCK, 'UPDATE_IN_PROGRESS', seconds=90))),
    'an unexpected failure': (
        'failed', 'update', lambda: (
            Story().lives().call(history.UPDATE, 202, value='v3')
            .happens(history.UPDATE)
            .wait(history.FAILED, 'UPDATE_FAILED').dies())),
    'a failure long after the kill of an engine': (
        'failed', 'update', lambda: (
            Story().lives().fault(history.SIGKILL).show()
            .call(history.UPDATE, 202, value='v3').happens(history.UPDATE)
            .wait(history.FAILED, 'UPDATE_FAILED').dies())),
    'a second item for a row': (
        'made-twice', 'create', lambda: (
            Story().lives().items('create', 'v2', ['first'], item='other')
            .items('delete', names=['first'], item='other', row='')
            .dies())),
    'an item that a delete leaves': (
        'left-behind', 'delete', lambda: (
            Story().lives().items('create', 'v2', ['first'], item='other',
                                  row='other').dies())),
    'an item that does not exist': (
        'resource-lost', 'resources', lambda: (
            Story().lives().resources(
                first=['UPDATE_COMPLETE', 'item-other']).dies())),
    'an item that was deleted': (
        'resource-lost', 'resources', lambda: (
            Story().lives().items('delete', names=['second']).show()
            .resources().items('delete', names=['first'])
            .done(history.DELETE))),
    'outputs of two changes': (
        'outputs-wrong', 'show', lambda: (
            Story().lives().show('v2', second='v1/second').dies())),
    'an output that is missing': (
        'outputs-wrong', 'show', lambda: (
            Story().lives().show('v2', second=None).dies())),
    'no event of the end': (
        'events-incomplete', 'update', lambda: (
            drop(Story().lives().dies(), 'UPDATE_COMPLETE'))),
    'no event of the begin': (
        'events-incomplete', 'delete', lambda: (
            drop(Story().lives().dies(), 'DELETE_IN_PROGRESS'))),
    'an output that was never written': (
        'never-written', 'show', lambda: (
            Story().lives().show(first='surprise').dies())),
    'a signal that was never sent': (
        'never-written', 'signal', lambda: (
            Story().lives().call(history.METADATA, signals=['s9']).dies())),
    'the former outputs after the new ones': (
        'backwards', 'show', lambda: (
            Story().lives().show('v2').show('v1')
            .done(history.UPDATE, 'v3').show().dies())),
    'an unknown update that is seen and then not': (
        'backwards', 'show', lambda: (
            Story().lives().call(history.UPDATE, 504, value='v3')
            .happens(history.UPDATE, 'v3')
            .wait(history.AT_REST, 'UPDATE_COMPLETE').show('v3').show('v2')
            .dies())),
    'a stack that is not found': (
        'refused', 'show', lambda: (
            Story().lives().call(history.SHOW, 404).show().dies())),
    'a conflict without a reason': (
        'refused', 'check', lambda: (
            Story().lives().call(history.CHECK, 409).dies())),
}


@ddt.ddt
class TestRules(testtools.TestCase):

    @ddt.data(*CORRECT)
    def test_a_correct_history_breaks_no_rule(self, name):
        story = CORRECT[name]()
        last = story.calls[-1]
        final = {} if last.result == history.GONE else {
            'state': 'UPDATE_COMPLETE', 'resources': {
                'first': ['UPDATE_COMPLETE', 'item-first'],
                'second': ['UPDATE_COMPLETE', 'item-second']}}
        self.assertEqual([], story.judged(**final))

    @ddt.data(*DOCTORED)
    def test_a_doctored_history_breaks_exactly_its_rule(self, name):
        rule, operation, story = DOCTORED[name]
        story = story()
        gone = any(event.operation == 'delete' for event in story.ledger)
        final = {} if gone else {
            'state': 'UPDATE_IN_PROGRESS', 'resources': {
                'first': ['UPDATE_COMPLETE', 'item-first'],
                'second': ['UPDATE_COMPLETE', 'item-second']}}
        self.assertEqual([(rule, operation, STACK)], [
            (one.rule, one.operation, one.stack)
            for one in story.judged(**final)])

    def test_every_rule_has_a_history_that_breaks_it(self):
        self.assertEqual(set(validator.RULES),
                         {rule for rule, _, _ in DOCTORED.values()})

    def test_a_violation_names_the_calls_that_show_it(self):
        story = DOCTORED['an update that does not end'][2]()
        violation, = story.judged(state='UPDATE_IN_PROGRESS', resources={
            name: ['UPDATE_IN_PROGRESS', f'item-{name}']
            for name in ('first', 'second')})
        self.assertEqual(['update', 'wait'], [
            call.operation for call in story.calls
            if call.id in violation.calls])
        self.assertEqual(
            'update was accepted, and is UPDATE_IN_PROGRESS 90 s later',
            violation.text)


class TestMissingData(testtools.TestCase):

    def test_a_run_that_was_cut_off_has_no_operation_without_an_end(self):
        story = Story().lives().call(history.UPDATE, 202, value='v3')
        story.call(history.SHOW, 503, seconds=100)
        self.assertEqual([], validator.validate(
            story.calls, story.ledger, None))

    def test_items_are_not_checked_without_a_ledger(self):
        story = DOCTORED['an item that a delete leaves'][2]()
        self.assertEqual([], validator.validate(
            story.calls, None, story.final()))

    def test_items_outside_the_traffic_are_ignored(self):
        story = Story().lives().dies()
        other = story.ledger[0]
        story.ledger.append(dataclasses.replace(
            other, label='inflight/case/a', item='theirs', number=99))
        self.assertEqual([], story.judged())

    def test_purged_events_are_not_missing(self):
        story = Story().lives()
        for number in range(3, 200):
            story.done(history.UPDATE, f'v{number}').show()
        story.dies()
        del story.events[:50]
        self.assertEqual([], story.judged())


class TestCompare(testtools.TestCase):

    def test_violation_in_the_control_too_is_marked(self):
        one = validator.Violation(
            'stuck', 'load-0-3', (1, 2), 'text', 'update'
        )
        control = [dataclasses.replace(one, stack='load-1-1', calls=(7,))]
        other = dataclasses.replace(one, operation='create')
        self.assertThat(
            validator.compare([one, other], control),
            matchers.Equals([dataclasses.replace(one, control=True), other]))

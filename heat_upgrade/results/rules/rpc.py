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
"""Rules of the check ``rpc``: messages, objects and stored data."""

import functools

from heat_upgrade.results.rules import model

_rolling = functools.partial(
    model.Rule, failure_class=model.FailureClass.RPC,
    docs='reference/checks/rpc')
_warning = functools.partial(_rolling, severity=model.Severity.WARNING)
_stored = functools.partial(
    model.Rule, failure_class=model.FailureClass.OLD_STACKS,
    docs='reference/checks/rpc')

_VHOST = ('Give the new release a RabbitMQ virtual host of its own (step 4 of '
          "a rolling upgrade in Heat's upgrade guide), and stop the last "
          'engine of the old one only when its stacks have settled.')
_LOST = ('The operation that the message was to start never starts: it fails '
         'or stays in progress.')
_NO_ROLLING = 'Do no rolling upgrade on one message bus.'

RULES = (
    _rolling('rpc.message-refused',
             'A service refuses a message of the other release.', _LOST,
             _VHOST, '[worker] check_resource of the target is refused by '
             'the base',
             plural='{count} messages of {family} are refused by the other '
                    'release', docs='findings/worker-messages-refused'),
    _warning('rpc.new-call-refused',
             'The old release does not have a call of the new one.',
             'Requests that need the call fail until all engines are of the '
             'new release.', _VHOST,
             '[engine] stack_refresh of the target is refused by the base',
             plural='{count} new calls of {family} are refused by the '
                    'other release'),
    _rolling('rpc.service-refused',
             'A service refuses every message of the other release.', _LOST,
             _VHOST, '[worker] every message of the base is refused by the '
             'target'),
    _warning('rpc.call-is-cast',
             'A call of the base is a cast in the target.',
             'Errors are only in the log of the engine.',
             'Watch the state of the stack, not the answer.',
             '[engine] delete_stack is cast and no longer called'),
    _warning('rpc.method-not-heard',
             'No message of a client method was received.',
             'It is unknown whether the other release accepts its messages.',
             'Compare it with the method of the service by hand.',
             '[engine.show] sends no message that was received'),
    _rolling('rpc.context-not-read',
             'A release cannot read the context of the other.',
             'Every message of the other release fails.', _NO_ROLLING,
             '[context] that of the target cannot be read by the base'),
    _rolling('rpc.context-read-differently',
             'A release reads a part of the context differently.',
             'Requests fail, or are attributed to another user.', _NO_ROLLING,
             '[context] user_id of the target is read differently by the '
             'base'),
    _warning('rpc.object-removed', 'A versioned object is gone.',
             'Nothing by itself: objects do not travel.',
             'Read the findings of the schema check about its table.',
             '[Stack] the object is gone'),
    _warning('rpc.object-version-backwards',
             "A versioned object's version goes back.",
             'None: no code reads it.', 'No action is needed.',
             "[Stack] the object's version goes back"),
    _warning('rpc.object-field-added',
             'An object has a new field that must not be NULL.',
             'The target refuses rows in which it is NULL.',
             'See the schema check: it reports whether the column has a '
             'default on the server.',
             '[Stack] kind is new and must not be NULL'),
    _rolling('rpc.object-field-removed',
             'A field that must not be NULL is gone from an object.',
             'In a rolling upgrade, engines of the base cannot load objects '
             'that the target has created.',
             'Do no rolling upgrade, or allow no creations during it.',
             '[Stack] owner is removed from the object'),
    _warning('rpc.object-optional-field-removed',
             'A field that may be NULL is gone from an object.',
             'The base treats it as unset.',
             'Do no rolling upgrade, or allow no creations during it.',
             '[Stack] owner is removed from the object'),
    _rolling('rpc.object-field-retyped',
             'A field of an object has another type.',
             'Values of the other release are refused or turned into '
             'something else.',
             'Convert the column with all services of the old release '
             'stopped.', '[Stack] timeout has another type'),
    _rolling('rpc.object-field-not-null',
             'A field of an object must no longer be NULL.',
             'The target cannot load rows in which it is NULL.',
             'Fill the column before the upgrade.',
             '[Stack] owner must no longer be NULL'),
    _warning('rpc.object-field-null',
             'A field of an object may now be NULL.',
             'In a rolling upgrade, the base cannot load such rows.',
             'Let nothing write such a row before the last old engine is '
             'stopped.', '[Stack] owner may now be NULL'),
    _warning('rpc.object-version-not-raised',
             'An object has changed and its version has not.',
             'None: no code reads it.',
             'Operators need no action; authors raise VERSION.',
             '[Stack] the object has changed and its version has not'),
    _stored('rpc.operation-fails',
            "An operation of the base's engine fails in the target's.",
            'Users cannot do this after the upgrade.',
            'Do not upgrade; report it to Heat.', '[rows] snapshot fails'),
    _stored('rpc.stored-data-not-read',
            'A release cannot read stored data of the other.',
            'Stacks with such data cannot be shown, updated or deleted.',
            'Do not upgrade such stacks; try it on a copy first '
            '(heat-upgrade rehearse).',
            '[sync points] data that the base writes cannot be read by the '
            'target'),
    _stored('rpc.stored-data-read-differently',
            'A release reads stored data of the other differently.',
            'Operations on stacks with such data behave wrongly.',
            'Do not upgrade such stacks; try it on a copy first '
            '(heat-upgrade rehearse).',
            '[node data: keys] data that the base writes is read differently '
            'by the target'),
    _warning('rpc.stored-key-removed',
             'A key that is stored is no longer written.',
             'None for Heat: both releases read all rows alike.',
             'Correct your own tools, if they read this key in the '
             'database.', '[stack.tags] is no longer written'),
    _warning('rpc.stored-key-retyped',
             'A key that is stored is written with another type.',
             'None for Heat: both releases read all rows alike.',
             'Correct your own tools, if they read this key in the '
             'database.', '[stack.tags] is written with another type'),
)

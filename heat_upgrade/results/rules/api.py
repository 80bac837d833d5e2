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
"""Rules of the check ``api``: requests and answers of the APIs."""

import functools

from heat_upgrade.results.rules import model

_error = functools.partial(
    model.Rule, failure_class=model.FailureClass.API,
    docs='reference/checks/api')

_CALLS = ('Search your clients for this call and change them before the '
          'upgrade; nothing can be configured.')
_READS = ('Search your clients for code that reads it; change it before the '
          'upgrade; nothing can be configured.')

RULES = (
    _error('api.route-removed', 'A method and path is gone.',
           'Clients that call it get 404.', _CALLS,
           'route GET /stacks/preview is gone'),
    _error('api.parameter-removed',
           'A parameter of requests is no longer accepted.',
           'It is ignored without an error.', _CALLS,
           'parameter tags is no longer accepted by GET /stacks',
           plural='{count} parameters are no longer accepted'),
    _error('api.parameter-once',
           'A parameter of requests is accepted only once.',
           'Of several values, only one counts.', _CALLS,
           'parameter tags is accepted only once by GET /stacks'),
    _error('api.body-key-removed',
           'A key of the body of requests is no longer accepted.',
           'It is ignored without an error.', _CALLS,
           'body key tags is no longer accepted by POST /stacks',
           plural='{count} body keys are no longer accepted'),
    _error('api.action-removed', 'An action is no longer accepted.',
           'Clients that request it get 400.', _CALLS,
           'action cancel_update of stacks is no longer accepted'),
    _error('api.argument-removed',
           'An argument of stacks is no longer accepted.',
           'It is ignored without an error.', _CALLS,
           'argument timeout_mins of stacks is no longer accepted'),
    _error('api.key-removed',
           'A key of the answers of the engine is gone.',
           'Clients that read it fail.', _READS,
           'key stack_owner is gone from STACK_KEYS',
           plural='{count} keys are gone from {family}'),
    _error('api.status-changed', 'A call answers with another status.',
           'Clients that expect the old status fail.', _READS,
           'status 200 becomes 404 in the answer to GET /stacks/{id}'),
    _error('api.answer-changed',
           'The same calls have other values in their answers.',
           'Stacks behave otherwise after the upgrade.',
           'Compare the calls of the finding with your use of Heat; find the '
           'change in the release notes, or report it.',
           'lists of stacks, call 21: the length of stacks is 0 instead of 1',
           plural='{count} behaviours have changed'),
    _error('api.format-changed', 'A value of an answer has another format.',
           'Clients cannot parse it.', _READS,
           'creation_time: timestamp with Z becomes timestamp without zone '
           'in 3 calls'),
    _error('api.response-key-gone', 'A key of an answer is gone.',
           'Clients that read it fail.', _READS,
           'key stack_owner is gone from the answer to GET /stacks',
           plural='{count} keys of answers are gone'),
    _error('api.response-key-optional',
           'A key of an answer is sometimes missing.',
           'Clients that read it fail at times.', _READS,
           'key stack_owner: always there becomes not always there in the '
           'answer to GET /stacks'),
    _error('api.header-gone', 'A header of an answer is gone.',
           'Clients that read it fail.', _READS,
           'header Location is gone from the answer to POST /stacks'),
    _error('api.header-changed', 'A header of an answer has another format.',
           'Clients cannot read it.', _READS,
           'header Location: url becomes string in the answer to POST '
           '/stacks'),
)

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

"""The base class of the tests that use the APIs of two nodes."""

from collections import abc
from concurrent import futures
import dataclasses
import itertools
import traceback
import typing
from urllib import parse

from tempest import config
from testtools import content as attachment

from heat_integrationtests import aliases
from heat_integrationtests import clients
from heat_integrationtests import config as own_config
from heat_integrationtests import facts
from heat_integrationtests.smoke import base
from heat_integrationtests import stacks

CONF = config.CONF


@dataclasses.dataclass(frozen=True)
class Node:
    """The API of one node, and its clients.

    :ivar number: its position in api_endpoints, from 1
    :ivar url: URL of its heat-api
    :ivar cfn_url: URL of its heat-api-cfn, or None to use the public one
    """

    number: int
    url: str
    cfn_url: str | None
    heat: aliases.HeatClient
    stacks: base.Stacks

    def __str__(self) -> str:
        return f'node {self.number} ({parse.urlsplit(self.url).netloc})'

    def outputs(self, stack: base.Stack) -> aliases.Json:
        """Return the outputs of a stack, as this node shows them."""
        return stacks.outputs(self.stacks.get(stack))


# An operation on a pair of nodes.
Operation: typing.TypeAlias = abc.Callable[[Node, Node], object]


def differences(first: aliases.Json,
                second: aliases.Json) -> list[facts.Mismatch]:
    """Return the mismatches between facts that two nodes show.

    A field that only one node shows is not a mismatch: its release has more
    fields.
    """
    def is_field(path: str) -> bool:
        group, _, rest = path.partition('.')
        return group not in ('resources', 'outputs', 'parameters',
                             'files') or '.' in rest

    # In both directions, because in most groups compare only looks for the
    # facts of its first argument.
    mismatches = {mismatch.path: mismatch for mismatch in (
        *facts.compare(second, first), *facts.compare(first, second))}
    return [mismatch for mismatch in mismatches.values()
            if facts.ABSENT not in (mismatch.before, mismatch.after)
            or not is_field(mismatch.path)]


class MixedVersionTest(base.SmokeTest):
    """A test that starts an operation on one node and continues on another.

    A subclass has one method for the whole operation on a pair of nodes,
    which forth() and back() call. An old release may continue the work of a
    new one differently than the reverse, so each direction has a class with
    its own test, and both run in parallel.

    The nodes may run any releases. Their order in api_endpoints defines the
    directions.
    """

    # Set by setup_clients.
    nodes: list[Node]

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        # Raises if only one node is configured.
        if not own_config.api_endpoints(CONF.heat_integrationtests):
            raise cls.skipException(
                'api_endpoints in [heat_integrationtests] names no nodes')

    @classmethod
    def setup_clients(cls) -> None:
        super().setup_clients()
        own = CONF.heat_integrationtests
        urls = own_config.api_endpoints(own)
        cfn_urls: list[str] | list[None] = (
            own_config.cfn_endpoints(own) or [None] * len(urls))
        cls.nodes = [
            cls._node(number, url, cfn_url) for number, (url, cfn_url) in
            enumerate(zip(urls, cfn_urls, strict=True), start=1)]

    @classmethod
    def _node(cls, number: int, url: str, cfn_url: str | None) -> Node:
        heat = clients.heat(CONF, cls.session, url)
        own = CONF.heat_integrationtests
        return Node(number, url, cfn_url, heat, stacks.Stacks(
            heat, timeout=own.mixed_version_timeout or own.build_timeout,
            interval=own.build_interval,
            interval_max=own.build_interval_max))

    # -- the pairs --------------------------------------------------------

    def forth(self, operate: Operation) -> None:
        """Operate from each node to each later node.

        :param operate: called for all pairs at the same time
        """
        self._each(operate, list(itertools.combinations(self.nodes, 2)))

    def back(self, operate: Operation) -> None:
        """Operate from each node to each earlier node."""
        self._each(operate, [(second, first) for first, second in
                             itertools.combinations(self.nodes, 2)])

    def _each(self, operate: Operation,
              pairs: list[tuple[Node, Node]]) -> None:
        with futures.ThreadPoolExecutor(
                len(pairs), initializer=clients.share_requests()) as pool:
            running = [(pair, pool.submit(operate, *pair))
                       for pair in pairs]
        failures = []
        for (first, second), finished in running:
            error = finished.exception()
            if error is not None:
                direction = f'from {first} to {second}'
                failures.append(f'{direction}: {error}')
                self.addDetail(direction, attachment.text_content(
                    ''.join(traceback.format_exception(error))))
        if failures:
            self.fail('\n'.join(failures))

    # -- helpers of the subclasses ----------------------------------------

    def create_through(self, node: Node, template: str,
                       **fields: typing.Any) -> base.Stack:
        """Create a stack through one node; see SmokeTest.create."""
        return self.create(template, through=node.stacks, **fields)

    def assert_same_everywhere(self, stack: base.Stack, *,
                               content: bool = False) -> aliases.Json:
        """Assert that all nodes show the same facts of an idle stack.

        :param content: whether to compare template, environment and files
        :returns: its facts
        """
        captured = [
            (node, facts.capture(node.heat, stack.ref, content=content))
            for node in self.nodes]
        (reference, expected), *others = captured
        for node, observed in others:
            mismatches = differences(expected, observed)
            if mismatches:
                self.fail(facts.report(
                    mismatches, heading=f'{node} does not show the same '
                    f'facts of stack {stack.name} as {reference}:'))
        return expected

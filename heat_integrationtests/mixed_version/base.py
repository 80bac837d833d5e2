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

"""The base class of the tests that go from one node to another."""

from concurrent import futures
import dataclasses
import itertools
import traceback
from urllib import parse

from tempest import config
from testtools import content as attachment

from heat_integrationtests import clients
from heat_integrationtests import config as own_config
from heat_integrationtests import facts
from heat_integrationtests.smoke import base
from heat_integrationtests import stacks

CONF = config.CONF


@dataclasses.dataclass(frozen=True)
class Node:
    """One heat-api, and what can be done through it.

    :param number: its place in api_endpoints, from 1
    :param url: of its API
    :param cfn_url: of its heat-api-cfn, or None to use the public one
    :param heat: a heatclient that talks to it
    :param stacks: a stacks.Stacks that does
    """

    number: int
    url: str
    cfn_url: str | None
    heat: object
    stacks: object

    def __str__(self):
        return f'node {self.number} ({parse.urlsplit(self.url).netloc})'

    def outputs(self, stack):
        """Give the outputs of a stack, as this node shows them."""
        return stacks.outputs(self.stacks.get(stack))


def differences(one, other):
    """Give the mismatches between facts that two nodes show.

    A field that only one of them shows is none: its release knows more.
    """
    def is_field(path):
        group, _, rest = path.partition('.')
        return group not in ('resources', 'outputs', 'parameters',
                             'files') or '.' in rest

    # Each way round, since compare looks in most groups only for what the
    # first one has.
    found = {mismatch.path: mismatch for mismatch in (
        *facts.compare(other, one), *facts.compare(one, other))}
    return [mismatch for mismatch in found.values()
            if facts.ABSENT not in (mismatch.before, mismatch.after)
            or not is_field(mismatch.path)]


class CrossTest(base.SmokeTest):
    """A test that begins through one node and goes on through another.

    A subclass has one method that does all that with a pair of nodes. It is
    run by forth() and by back(): what an old release begins for a new one
    is not what a new one begins for an old one, so each has a class with a
    test of its own, and they run side by side.

    The nodes may be of any releases; api_endpoints names them, and decides
    which of two comes before the other.
    """

    @classmethod
    def skip_checks(cls):
        super().skip_checks()
        # Raises where one node alone is promised.
        if not own_config.api_endpoints(CONF.heat_integrationtests):
            raise cls.skipException(
                'api_endpoints in [heat_integrationtests] names no nodes')

    @classmethod
    def setup_clients(cls):
        super().setup_clients()
        own = CONF.heat_integrationtests
        urls = own_config.api_endpoints(own)
        cfn_urls = own_config.cfn_endpoints(own) or [None] * len(urls)
        cls.nodes = [
            cls._node(number, *both) for number, both in
            enumerate(zip(urls, cfn_urls, strict=True), start=1)]

    @classmethod
    def _node(cls, number, url, cfn_url):
        heat = clients.heat(CONF, cls.session, url)
        own = CONF.heat_integrationtests
        return Node(number, url, cfn_url, heat, stacks.Stacks(
            heat, timeout=own.cross_timeout or own.build_timeout,
            interval=own.build_interval,
            interval_max=own.build_interval_max))

    # -- the pairs --------------------------------------------------------

    def forth(self, operate):
        """Operate from each node to each that is named after it.

        :param operate: takes the two Nodes; all pairs are operated on at
            the same time
        """
        self._each(operate, list(itertools.combinations(self.nodes, 2)))

    def back(self, operate):
        """Operate from each node to each that is named before it."""
        self._each(operate, [pair[::-1] for pair in
                             itertools.combinations(self.nodes, 2)])

    def _each(self, operate, pairs):
        with futures.ThreadPoolExecutor(len(pairs)) as pool:
            running = [(pair, pool.submit(operate, *pair))
                       for pair in pairs]
        failed = []
        for (first, second), ended in running:
            error = ended.exception()
            if error is not None:
                way = f'from {first} to {second}'
                failed.append(f'{way}: {error}')
                self.addDetail(way, attachment.text_content(
                    ''.join(traceback.format_exception(error))))
        if failed:
            self.fail('\n'.join(failed))

    # -- what the subclasses use ------------------------------------------

    def create_through(self, node, template, **fields):
        """Create a stack through one node; as SmokeTest.create."""
        return self.create(template, through=node.stacks, **fields)

    def assert_same_everywhere(self, stack, *, content=False):
        """Assert that all nodes show the same of a stack at rest.

        :param content: whether to compare what Heat was given, too
        :returns: its facts
        """
        shown = [(node, facts.capture(node.heat, stack.ref, content=content))
                 for node in self.nodes]
        (reference, expected), *others = shown
        for node, found in others:
            mismatches = differences(expected, found)
            if mismatches:
                self.fail(facts.report(
                    mismatches, heading=f'{node} does not show of stack '
                    f'{stack.name} what {reference} shows:'))
        return expected

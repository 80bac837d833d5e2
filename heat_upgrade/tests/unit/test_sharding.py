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

"""Shards of a list of runs."""

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade import sharding


@ddt.ddt
class TestShards(testtools.TestCase):

    @ddt.data(1, 2, 3, 4, 7)
    def test_shards_are_disjoint_and_complete(self, total):
        items = list(range(7))
        shares = [sharding.shard_of(items, sharding.Shard(number, total))
                  for number in range(1, total + 1)]
        self.assertEqual(items, sorted(item for share in shares
                                       for item in share))

    def test_share_keeps_the_order_and_is_always_the_same(self):
        self.assertEqual((2, 5, 8), sharding.shard_of(
            range(1, 10), sharding.parse('2/3')))

    def test_no_shard_is_the_whole_list(self):
        self.assertEqual(('a', 'b'), sharding.shard_of('ab', None))

    def test_shards_differ_in_size_by_at_most_one(self):
        sizes = {len(sharding.shard_of(range(10), sharding.Shard(n, 4)))
                 for n in range(1, 5)}
        self.assertEqual({2, 3}, sizes)

    def test_empty_share_is_refused_with_the_possible_number(self):
        exc = self.assertRaises(errors.UsageError, sharding.shard_of,
                                'ab', sharding.parse('3/3'))
        self.assertIn('shard 3/3 is empty', str(exc))
        self.assertIn('at most 2 shards', str(exc))

    @ddt.data('', '0/2', '3/2', '1', '1/0', '-1/2', '1/2/3', 'a/b', '1/2 ')
    def test_invalid_shard_is_refused_with_an_example(self, text):
        exc = self.assertRaises(ValueError, sharding.parse, text)
        self.assertIn('such as 2/4', str(exc))

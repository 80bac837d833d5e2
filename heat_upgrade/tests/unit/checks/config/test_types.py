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

"""Types of options that refuse values of other types."""

import ddt
import testtools

from heat_upgrade.checks.config import types


def a(name, **facets):
    return {'class': name, **facets}


TEXT = a('String')
URL = a('URI', schemes=['http', 'https'])

# {name: (type in the base, type in the target)}
TAKES_ALL = {
    'the same': (TEXT, TEXT),
    'a plain Python type': (a('str'), TEXT),
    'more choices': (a('String', choices=['a']),
                     a('String', choices=['b', 'a'])),
    'choices removed': (a('String', choices=['a']), TEXT),
    'choices in any case': (a('String', choices=['A']),
                            a('String', choices=['a'], ignore_case=True)),
    'wider bounds': (a('Integer', min=1, max=5), a('Integer', max=9)),
    'any number': (a('Integer', min=1), a('Float', min=0.5)),
    'a port as a number': (a('Port'), a('Integer', min=0, max=65535)),
    'an address of either kind': (a('IPAddress'), a('HostAddress')),
    'a URI as a text': (URL, TEXT),
    'one more scheme': (URL, a('URI', schemes=['http', 'https', 'unix'])),
    'a longer text': (a('String', max_length=5), a('String', max_length=9)),
    'a list of wider items': (a('List', item_type=URL),
                              a('List', item_type=TEXT)),
    'a callable': (a('function'), a('Integer')),
}

# {name: (type in the base, type in the target, whether it is of another kind,
# whether the base promised the values that are refused)}
REFUSES_SOME = {
    'a choice less': (a('String', choices=['a', 'b']),
                      a('String', choices=['a']), False, True),
    'choices at all': (TEXT, a('String', choices=['a']), False, False),
    'choices by case': (a('String', choices=['a'], ignore_case=True),
                        a('String', choices=['a']), False, True),
    'a higher minimum': (a('Integer', min=1), a('Integer', min=2), False,
                         True),
    'a first minimum': (a('Integer'), a('Integer', min=0), False, False),
    'a lower maximum': (a('Float', max=2), a('Float', max=1), False, True),
    'only ports': (a('Integer'), a('Integer', min=0, max=65535), False,
                   False),
    'a shorter text': (a('String', max_length=9),
                       a('String', max_length=5), False, True),
    'a first length': (TEXT, a('String', max_length=5), False, False),
    'more items': (a('List', item_type=TEXT),
                   a('List', item_type=TEXT, min_length=1), False, False),
    'another pattern': (a('String', regex='a+'), a('String', regex='b+'),
                        False, True),
    'a first pattern': (TEXT, a('String', regex='b+'), False, False),
    'one scheme less': (URL, a('URI', schemes=['https']), False, True),
    'only URIs': (TEXT, URL, False, False),
    'only numbers': (TEXT, a('Integer'), False, False),
    'items that are URIs': (a('List', item_type=TEXT),
                            a('List', item_type=URL), False, False),
    'values that are numbers': (a('Dict', value_type=TEXT),
                                a('Dict', value_type=a('Integer')), False,
                                False),
    'only IPv4': (a('IPAddress', version='_check_both_versions'),
                  a('IPAddress', version='_check_ipv4'), False, True),
    'brackets': (a('List', item_type=TEXT),
                 a('List', item_type=TEXT, bounds=True), False, True),
    'a switch as a number': (a('Boolean'), a('Integer'), True, True),
    'whole numbers': (a('Float'), a('Integer'), True, True),
    'a text that is split': (TEXT, a('List', item_type=TEXT), True, False),
    'a list that is a text': (a('List', item_type=TEXT), TEXT, True, False),
}


@ddt.ddt
class TestDifference(testtools.TestCase):

    @ddt.data(*TAKES_ALL)
    def test_wider_type_has_no_difference(self, name):
        self.assertIsNone(types.difference(*TAKES_ALL[name]))

    @ddt.data(*REFUSES_SOME)
    def test_narrower_type_has_a_difference(self, name):
        base, target, retyped, documented = REFUSES_SOME[name]
        difference = types.difference(base, target)
        self.assertEqual((retyped, documented),
                         (difference.retyped, difference.documented))
        self.assertTrue(difference.text)

    def test_type_is_described_in_words(self):
        self.assertEqual(
            "List of URI (http, https)",
            types.described(a('List', item_type=URL)))
        self.assertEqual(
            "String (one of 'a', 'b'; max_length 3)",
            types.described(a('String', choices=['a', 'b'], max_length=3)))

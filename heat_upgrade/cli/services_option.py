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

"""The option --with, which selects further services of the cloud."""

import argparse

from heat_upgrade import errors
from heat_upgrade.lab.physical import selection


def services(text: str) -> tuple[str, ...]:
    """Return the services that a command line selects.

    :raises: argparse.ArgumentTypeError for an unknown name
    """
    try:
        return selection.parse(text)
    except errors.UsageError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def add(parser: argparse.ArgumentParser, *, release: str) -> None:
    """Add the option that selects further services of the cloud.

    :param release: the noun for the help text, such as 'the base'
    """
    parser.add_argument(
        '--with', dest='services', type=services, default=(),
        metavar='NAMES',
        help='start other services too, whose resources Heat manages: names, '
             'separated by commas, from '
             f'{", ".join(selection.SERVICES)} and the groups '
             f'{", ".join(selection.GROUPS)}; they are of the series of '
             f'{release} (default: none)')

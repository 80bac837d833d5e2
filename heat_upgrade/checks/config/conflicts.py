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

"""Several names of one option in an operator's files, with other values.

oslo.config reads one of them silently: of the last file, the option's own
name, or else the first of its old names (``_Namespace._get_file_value``).
"""

from collections import abc
import dataclasses

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import options
from heat_upgrade.results import findings as results


@dataclasses.dataclass(frozen=True)
class Conflict:
    """Settings of one option of the target under several names.

    :ivar winner: the setting that the target reads
    :ivar losers: the others, in the order of the files
    """

    option: options.Option
    winner: config_files.Setting
    losers: tuple[config_files.Setting, ...]


def conflicts(settings: abc.Sequence[config_files.Setting],
              target: options.Options) -> list[Conflict]:
    """Return the options of the target that the files set by several names.

    Equal values are conflicts too: only one of the lines is to be kept.
    """
    result = []
    for option in target.values():
        names = [option.key, *(name for name in option.old_names
                               if name not in target)]
        matching = [setting for setting in settings if setting.key in names]
        if option.multi or len({entry.key for entry in matching}) < 2:
            continue
        winner = _winner(matching, names)
        result.append(Conflict(option, winner, tuple(
            setting for setting in matching if setting is not winner)))
    return result


def _winner(matching: abc.Sequence[config_files.Setting],
            names: abc.Sequence[options.Key]) -> config_files.Setting:
    last = matching[-1].path
    in_last = [setting for setting in matching if setting.path == last]
    first = min(names.index(setting.key) for setting in in_last)
    return [setting for setting in in_last
            if setting.key == names[first]][-1]


def findings(found: abc.Iterable[Conflict], base: options.Options,
             history: deprecations.History,
             shown: abc.Callable[[config_files.Setting], str]
             ) -> list[results.Finding]:
    """Return the findings of names whose values disagree.

    If the base has them as options of their own, the target changes the value
    of one: that is an error.

    :param shown: returns a setting as a line of evidence
    """
    result = []
    for conflict in found:
        losers = [loser for loser in conflict.losers
                  if loser.value != conflict.winner.value]
        if not losers:
            continue
        names = ', '.join(dict.fromkeys(
            options.named(setting.key) for setting in losers))
        winner = options.named(conflict.winner.key)
        separate = all(setting.key in base
                       for setting in (conflict.winner, *losers))
        make = check_context.error if separate else check_context.warning
        result.append(make(
            'config.names-disagree', str(conflict.option),
            f'{winner} wins over {names}: both are {conflict.option} now',
            '\n'.join([shown(conflict.winner), *map(shown, losers),
                       f'{history.base_version}: '
                       + ('has them as separate options' if separate else
                          'reads them as one option'),
                       f'{history.target_version}: reads {winner}, and '
                       f'ignores {names}']),
            own_files=True,
            remedy=f'keep one line, {conflict.option.dest} = VALUE in '
                   f'[{conflict.option.group}], with the value that is '
                   'right'))
    return result

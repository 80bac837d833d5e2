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

"""Finds the cause when a program of a check fails.

The program is run with the code of the base and of the target. If the target
alone fails, the target is the cause. If both fail, the cause is the lab, or
the operator's file that both read. If the base alone fails, the cause is the
lab, because the base works today.
"""

import collections
from collections import abc
import dataclasses

from heat_upgrade.checks import check_context
from heat_upgrade.checks import introspection
from heat_upgrade import errors
from heat_upgrade.lab import log_errors
from heat_upgrade.results import findings

_Class = findings.FailureClass


@dataclasses.dataclass(frozen=True)
class Ability:
    """The ability that a release lacks if a program fails in it.

    :ivar failure_class: of the failure
    :ivar words: completes "27.0.1 cannot"
    :ivar with_other_data: the same, for data of the other release, whose
        version replaces {}
    """

    failure_class: findings.FailureClass
    words: str
    with_other_data: str = ''


ABILITIES = {
    'config_options': Ability(_Class.OPTIONS, 'list its options'),
    'config_values': Ability(_Class.OPTIONS, 'read your configuration'),
    'config_paste': Ability(_Class.OPTIONS, 'load api-paste.ini'),
    'config_policy': Ability(_Class.OPTIONS, 'apply your policy files'),
    'config_engine_files': Ability(
        _Class.OPTIONS, 'read your environments and templates of the engine'),
    'config_plugins': Ability(_Class.OPTIONS, 'import your plug-ins'),
    'config_entry_points': Ability(_Class.OPTIONS,
                                   'load the entry points of your packages'),
    'config_startup': Ability(_Class.OPTIONS,
                              'set itself up with your configuration'),
    'schema': Ability(_Class.MIGRATION, 'migrate a database and use it'),
    'rows': Ability(_Class.OLD_STACKS, 'create and store stacks'),
    'rows_load': Ability(_Class.OLD_STACKS,
                         'load stacks that it stored itself',
                         'load stacks that {} stored'),
    'rpc': Ability(_Class.RPC, 'load its RPC interface'),
    'rpc_context': Ability(_Class.RPC, 'read the context of its own requests',
                           'read the context of requests from {}'),
    'policy': Ability(_Class.API, 'load its policies'),
    'api': Ability(_Class.API, 'load its API'),
    'resources': Ability(_Class.TYPES, 'load its resource types'),
}


class Blamed(errors.LabError):
    """A check could not compare the releases; its findings give the cause."""

    def __init__(self, causes: abc.Iterable[findings.Finding]) -> None:
        self.findings = list(causes)
        super().__init__('\n'.join(finding.title
                                   for finding in self.findings))


def judge(
    check: str,
    failures: abc.Iterable[introspection.Failure],
    base: check_context.InstalledRelease,
    target: check_context.InstalledRelease,
    context: check_context.Context,
) -> list[findings.Finding]:
    """Return the findings of programs that failed in a check.

    A program that failed in one release is run with the code of the other
    release, unless that has been done already.

    :param check: name of the check
    :returns: one finding for each program and rule
    """
    by_program: dict[str, list[introspection.Failure]] = (
        collections.defaultdict(list))
    for failure in failures:
        by_program[failure.request.program].append(failure)
    causes: dict[tuple[str, str], findings.Finding] = {}
    for failed in by_program.values():
        # An operator meets the failure at the other release's data.
        failed.sort(key=lambda failure: failure.request.own is None)
        for failure in failed:
            finding = _judge(check, failure, base, target, context)
            causes.setdefault((finding.rule, finding.subject), finding)
    return list(causes.values())


def _judge(
    check: str,
    failure: introspection.Failure,
    base: check_context.InstalledRelease,
    target: check_context.InstalledRelease,
    context: check_context.Context,
) -> findings.Finding:
    request = failure.request
    own = request if request.own is None else dataclasses.replace(
        request, argument=request.own, own=None)
    names = base.name, target.name
    if failure.subject == target.key and base.key != target.key:
        reference = _failure(base, own, context)
        return of_sides(check, request, names, reference, failure)
    if request.own is not None and _failure(base, own, context) is None:
        return _breaks_base(check, failure, *names)
    return of_sides(check, request, names, failure,
                    _failure(target, own, context))


def _failure(
    subject: check_context.InstalledRelease,
    request: introspection.Request,
    context: check_context.Context,
) -> introspection.Failure | None:
    """Return the failure of a program in a release; None if it works."""
    outcome, = introspection.attempt(subject, [request], context)
    return outcome if isinstance(outcome, introspection.Failure) else None


def of_sides(
    check: str,
    request: introspection.Request,
    names: tuple[str, str],
    base_failure: introspection.Failure | None,
    target_failure: introspection.Failure | None,
) -> findings.Finding:
    """Return the finding of a program that failed in at least one release.

    :param check: name of the check
    :param names: of the base and of the target
    :param base_failure: None if the program works in the base
    :param target_failure: None if the program works in the target
    :raises: ValueError if the program works in both
    """
    base, target = names
    ability = ABILITIES[request.program]
    words = (ability.with_other_data.format(base)
             if request.own is not None else ability.words)
    about = f': {request.about}' if request.about else ''
    step = f'{check_context.STEP}{check}'
    if base_failure and target_failure:
        return findings.make(
            'both.input-fails' if request.about else 'both.program-fails',
            request.program, f'neither {base} nor {target} can {words}{about}',
            '\n\n'.join([
                evidence(target_failure, 'Both releases fail, so the upgrade '
                         'is not the cause.'),
                f'{base}: {log_errors.conclusion(base_failure.text)}']),
            step=step, log=str(base_failure.log),
            own_files=bool(request.about))
    if target_failure:
        return findings.make(
            'target.input-fails' if request.about else 'target.program-fails',
            request.program, f'{target} cannot {words}{about}',
            evidence(target_failure, f'{base} does the same without an '
                     'error.'),
            step=step, failure_class=ability.failure_class,
            log=str(target_failure.log), own_files=bool(request.about))
    if base_failure:
        return findings.make(
            'base.program-fails', request.program,
            f'{base} cannot {words}{about}, while {target} can',
            evidence(base_failure, f'{target} does the same without an error. '
                     'The base works today, so the upgrade is not the '
                     'cause.'), step=step, log=str(base_failure.log))
    raise ValueError(f'{request.program} failed in neither release')


def _breaks_base(check: str, failure: introspection.Failure, base: str,
                 target: str) -> findings.Finding:
    ability = ABILITIES[failure.request.program]
    return findings.make(
        'target.breaks-base', failure.request.program,
        f'{base} cannot {ability.with_other_data.format(target)}',
        evidence(failure, f'{base} does the same with data of its own.'),
        step=f'{check_context.STEP}{check}', log=str(failure.log))


def evidence(failure: introspection.Failure, comparison: str) -> str:
    """Return the evidence of a failure: the error itself comes first.

    :param comparison: a sentence about the result of the other release
    """
    text = failure.text.strip()
    lines = [f'{failure.name}: {log_errors.conclusion(text)}', comparison]
    if _is_ours(text):
        lines.append(
            "The check's own program raised the error. It uses Heat's code "
            'directly, and the target has moved or removed a part of that '
            'code. If no other step fails, adapt the program.')
    if '\n' in text:
        lines += ['', log_errors.shortened(text)]
    return '\n'.join(lines)


def _is_ours(text: str) -> bool:
    """Return True if the innermost frame belongs to a program of a check."""
    frames = [line for line in text.splitlines()
              if line.lstrip().startswith('File "')]
    return (log_errors.SIGN in text and bool(frames)
            and str(introspection.PROGRAMS) in frames[-1])

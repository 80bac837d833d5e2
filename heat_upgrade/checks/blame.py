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

"""Whose failure it is when a program of a check fails.

The same program is run with the code of the base and of the target. If the
target alone fails, the failure is the target's. If both fail, it is the lab's,
or is due to the operator's file that they read. If the base alone fails, it is
the lab's: the base works today.
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
class Deed:
    """The ability that a release lacks if a program fails in it.

    :ivar failure_class: of the failure
    :ivar words: in words, after "27.0.1 cannot"
    :ivar others: likewise, for data of the other release; {} is its name
    """

    failure_class: findings.FailureClass
    words: str
    others: str = ''


DEEDS = {
    'config_options': Deed(_Class.OPTIONS, 'list its options'),
    'config_values': Deed(_Class.OPTIONS, 'read your configuration'),
    'config_paste': Deed(_Class.OPTIONS, 'load api-paste.ini'),
    'config_policy': Deed(_Class.OPTIONS, 'apply your policy files'),
    'config_engine_files': Deed(
        _Class.OPTIONS, 'read your environments and templates of the engine'),
    'schema': Deed(_Class.MIGRATION, 'migrate a database and use it'),
    'rows': Deed(_Class.OLD_STACKS, 'create and store stacks'),
    'rows_load': Deed(_Class.OLD_STACKS, 'load stacks that it stored itself',
                      'load stacks that {} stored'),
    'rpc': Deed(_Class.RPC, 'load its RPC interface'),
    'rpc_context': Deed(_Class.RPC, 'read the context of its own requests',
                        'read the context of requests from {}'),
    'policy': Deed(_Class.API, 'load its policies'),
    'api': Deed(_Class.API, 'load its API'),
    'resources': Deed(_Class.TYPES, 'load its resource types'),
}


class Blamed(errors.LabError):
    """A check could not compare the releases; its findings say why.

    :ivar findings: list of :class:`heat_upgrade.results.findings.Finding`
    """

    def __init__(self, found: abc.Iterable[findings.Finding]) -> None:
        self.findings = list(found)
        super().__init__('\n'.join(one.title for one in self.findings))


def judge(
    check: str,
    failures: abc.Iterable[introspection.Failure],
    base: check_context.InstalledRelease,
    target: check_context.InstalledRelease,
    context: check_context.Context,
) -> list[findings.Finding]:
    """Return the findings of programs that failed in a check.

    The program that failed in one release is run with the code of the other
    release, unless that has been done already.

    :param check: name of the check
    :param failures: list of :class:`heat_upgrade.checks.introspection.Failure`
    :param base: :class:`heat_upgrade.checks.check_context.InstalledRelease`
    :param target: likewise
    :param context: :class:`heat_upgrade.checks.check_context.Context`
    :returns: list of findings: one for a program and a rule
    """
    of_program: dict[str, list[introspection.Failure]] = (
        collections.defaultdict(list))
    for failure in failures:
        of_program[failure.request.program].append(failure)
    found: dict[tuple[str, str], findings.Finding] = {}
    for failed in of_program.values():
        # A failure at the other release's data is what an operator meets.
        failed.sort(key=lambda failure: failure.request.own is None)
        for failure in failed:
            finding = _judge(check, failure, base, target, context)
            found.setdefault((finding.rule, finding.subject), finding)
    return list(found.values())


def _judge(
    check: str,
    failure: introspection.Failure,
    base: check_context.InstalledRelease,
    target: check_context.InstalledRelease,
    context: check_context.Context,
) -> findings.Finding:
    request = failure.request
    own = request if request.own is None else dataclasses.replace(
        request, given=request.own, own=None)
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
    """Return how a program fails in a release, None if it does not."""
    found, = introspection.attempt(subject, [request], context)
    return found if isinstance(found, introspection.Failure) else None


def of_sides(
    check: str,
    request: introspection.Request,
    names: tuple[str, str],
    base_failure: introspection.Failure | None,
    target_failure: introspection.Failure | None,
) -> findings.Finding:
    """Return the finding of a program of which it is known where it fails.

    :param check: name of the check
    :param request: :class:`heat_upgrade.checks.introspection.Request`
    :param names: of the base and of the target
    :param base_failure: :class:`heat_upgrade.checks.introspection.Failure`,
        None if the program works there
    :param target_failure: likewise
    """
    base, target = names
    deed = DEEDS[request.program]
    words = (deed.others.format(base) if request.own is not None
             else deed.words)
    about = f': {request.about}' if request.about else ''
    step = f'{check_context.STEP}{check}'
    failed = base_failure or target_failure
    log = str(failed.log)
    if not base_failure:
        return findings.make(
            'target.input-fails' if request.about else 'target.program-fails',
            request.program, f'{target} cannot {words}{about}',
            evidence(target_failure, f'The same works with {base}.'),
            step=step, failure_class=deed.failure_class, log=log,
            own_files=bool(request.about))
    if not target_failure:
        return findings.make(
            'base.program-fails', request.program,
            f'{base} cannot {words}{about}, while {target} can',
            evidence(base_failure, f'The same works with {target}; the base '
                     'is what works today, so this says nothing of the '
                     'upgrade.'), step=step, log=log)
    return findings.make(
        'both.input-fails' if request.about else 'both.program-fails',
        request.program, f'neither {base} nor {target} can {words}{about}',
        '\n\n'.join([
            evidence(target_failure, 'The same fails with both releases, so '
                     'the upgrade is not the cause.'),
            f'{base}: {log_errors.conclusion(base_failure.text)}']),
        step=step, log=log, own_files=bool(request.about))


def _breaks_base(check: str, failure: introspection.Failure, base: str,
                 target: str) -> findings.Finding:
    deed = DEEDS[failure.request.program]
    return findings.make(
        'target.breaks-base', failure.request.program,
        f'{base} cannot {deed.others.format(target)}',
        evidence(failure, f'{base} does the same with data of its own.'),
        step=f'{check_context.STEP}{check}', log=str(failure.log))


def evidence(failure: introspection.Failure, comparison: str) -> str:
    """Return the evidence of a failure: the error itself comes first.

    :param failure: :class:`heat_upgrade.checks.introspection.Failure`
    :param comparison: a sentence about the result of the other release
    """
    text = failure.text.strip()
    lines = [f'{failure.name}: {log_errors.conclusion(text)}', comparison]
    if _is_ours(text):
        lines.append(
            'The error was raised in the program of the check, which uses '
            "Heat's code directly: the target has moved or removed what the "
            'program reads. If no other step fails, adapt the program.')
    if '\n' in text:
        lines += ['', log_errors.shortened(text)]
    return '\n'.join(lines)


def _is_ours(text: str) -> bool:
    """Return True if the innermost frame is of a program of ours."""
    frames = [line for line in text.splitlines()
              if line.lstrip().startswith('File "')]
    return (log_errors.SIGN in text and bool(frames)
            and str(introspection.PROGRAMS) in frames[-1])

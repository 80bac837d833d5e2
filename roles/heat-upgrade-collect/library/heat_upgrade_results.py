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

"""Copies the publishable results of a node to one directory.

An Ansible module for the Python of any node (3.9 and newer). It uses only the
standard library, because the installation of the tool may have failed.

It ends running processes of the tool (Zuul's timeout ends only Zuul's own
processes), lets the tool make a report, and copies the publishable files. They
are a list of names, so that a new file of a later release is not published
before a review. A file that only its owner may read is not copied.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import time

DOCUMENTATION = r'''
module: heat_upgrade_results
short_description: copies the publishable results of runs
options:
  source:
    description: A run directory, or a directory with run directories in it.
    type: path
    required: true
  dest:
    description: The target directory; its previous content is removed.
    type: path
    required: true
  tool:
    description: The command heat-upgrade. It makes the report of an
      interrupted run; its running processes are ended.
    type: path
  withdraw:
    description: Directory to which secrets are moved from the source and from
      older runs next to it, so that other tasks cannot collect them.
    type: path
'''

# A run directory contains one of these; the first is written at once.
MARKS = ('plan.json', 'journal.jsonl', 'report.json')

# The publishable files of a run directory; see doc/source/reference/
# run-directory.rst.
FILES = ('report.html', 'report.json', 'junit.xml', 'plan.json',
         'journal.jsonl', 'ledger.jsonl', 'history.jsonl', 'final.json',
         'shrunk.json')
DIRECTORIES = ('subunit', 'logs', 'probes')
# Run directories within a run directory.
INNER = ('control', 'shrink')
# Directories of our roles next to run directories; they are public.
ROLE_RESULTS = ('checks', 'specs')
ROLE_RESULT_SUFFIXES = ('.json', '.txt')

# Never published from any directory: these files contain passwords.
SECRET = ('clouds.yaml', 'openrc', '*.conf', '*.sql', '*.sql.gz', '*.pem',
          '*.key', 'environment.sh', '.my.cnf')

# Permission to read a file for users other than its owner.
OTHERS = stat.S_IRGRP | stat.S_IROTH

# Seconds in which the tool ends its processes, and in which it writes a
# report. An engine may take a minute to stop.
END_TIMEOUT = 120
REPORT_TIMEOUT = 300


def is_run(directory):
    """Return True if a directory is a run directory."""
    return any((directory / name).is_file() for name in MARKS)


def runs_in(source):
    """Return the source itself or the run directories in it, by name."""
    if not source.is_dir():
        return []
    if is_run(source):
        return [source]
    return sorted(one for one in source.iterdir()
                  if one.is_dir() and not one.is_symlink() and is_run(one))


def put_aside(source):
    """Return the directories of the runs before that of a run directory.

    A run renames an existing run directory of the same name: it appends the
    time, and a number if that name exists too.
    """
    name = re.compile(re.escape(source.name) + r'-\d{8}-\d{6}(-\d+)?')
    return sorted(one for one in source.parent.glob(f'{source.name}-*')
                  if name.fullmatch(one.name) and one.is_dir()
                  and not one.is_symlink())


def is_secret(path):
    """Return True if the type or the name of a file makes it a secret."""
    return (not stat.S_ISREG(path.lstat().st_mode)
            or any(path.match(pattern) for pattern in SECRET))


def readers(run):
    """Return the read permissions of a public file of the run.

    Only the umask restricts them: the tool sets no mode on the first files
    of a run.
    """
    for name in MARKS:
        if (run / name).is_file():
            return (run / name).stat().st_mode & OTHERS
    return 0


def is_private(path, run):
    """Return True if a file of a run must not be published.

    The name decides for secrets and for public files. Any other file is
    private if it or its directory has fewer readers than the run's journal:
    then the tool, not a umask, has restricted its mode. If only the owner may
    read the journal, all other files are private.
    """
    if is_secret(path):
        return True
    inner = path.relative_to(run)
    if _is_named(inner):
        return False
    everybody = readers(run)
    places = (run / place for place in inner.parents if place.parts)
    return not everybody or any(everybody & ~one.stat().st_mode
                                for one in (path, *places))


def publishable(run):
    """Return the files of a run directory that may be published.

    :returns: (files, others), paths relative to the run directory
    """
    files, others = [], []
    for path in sorted(run.rglob('*')):
        if path.is_dir() and not path.is_symlink():
            continue
        inner = path.relative_to(run)
        (files if _listed(inner) and not is_private(path, run)
         else others).append(inner)
    return files, others


def _is_named(inner):
    parts = _parts(inner)
    return len(parts) == 1 and parts[0] in FILES


def _listed(inner):
    return _is_named(inner) or len(_parts(inner)) > 1 and (
        _parts(inner)[0] in DIRECTORIES)


def _parts(inner):
    """Return the parts of a path within its own run directory."""
    parts = inner.parts
    if parts[0] not in INNER:
        return parts
    # control/ is a run directory, shrink/ has some.
    return parts[1 if parts[0] == INNER[0] else 2:]


def lay_out(source, dest):
    """Copy the publishable files; return the paths of the others."""
    shutil.rmtree(dest, ignore_errors=True)
    withheld = []
    for run in runs_in(source):
        files, others = publishable(run)
        withheld += [run / inner for inner in others]
        for inner in files:
            _copy(run / inner, dest / run.name / inner)
    for name in ROLE_RESULTS if not is_run(source) else ():
        for path in sorted((source / name).glob('*')):
            if path.suffix in ROLE_RESULT_SUFFIXES and not is_secret(path):
                _copy(path, dest / name / path.name)
    for path in (dest, *dest.rglob('*')) if dest.exists() else ():
        # Another user may fetch the files.
        path.chmod(0o755 if path.is_dir() else 0o644)
    return withheld


def _copy(source, dest):
    dest.parent.mkdir(parents=True, exist_ok=True)
    # The file may change or disappear during the copy.
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(source, dest)


def report_of(run):
    """Return the report of a run, or {} without a readable report."""
    try:
        return json.loads((run / 'report.json').read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}


def describe(run):
    """Return the summary of a run for the role."""
    report = report_of(run)
    return {'name': run.name,
            'html': (run / 'report.html').is_file(),
            'junit': (run / 'junit.xml').is_file(),
            'verdict': report.get('verdict', ''),
            'finished': bool(report.get('finished')),
            'reproduce': report.get('reproduce', '')}


def under_way(place):
    """Return the running commands of the tool, by process ID.

    :param place: directory that contains the tool's script, to exclude the
        processes of another installation
    """
    found = {}
    for process in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            words = (process / 'cmdline').read_bytes().decode(
                errors='replace').removesuffix('\0').split('\0')
        except OSError:
            continue
        # The interpreter, the script, and the arguments of the script.
        script = pathlib.Path(words[1] if len(words) > 2 else '')
        if (script.name == 'heat-upgrade'
                and place in script.resolve().parents):
            found[int(process.name)] = ' '.join(
                word for word in words[2:4] if not word.startswith('-'))
    return found


def end(place):
    """End the running processes of the tool; return a sentence for each.

    Zuul's timeout ends only the processes that Zuul started: grenade, or the
    shell of a task. After SIGTERM, the tool ends its own processes and leaves
    a journal of its progress.

    :param place: see under_way()
    """
    left, messages = under_way(place), []
    for number, seconds in ((signal.SIGTERM, END_TIMEOUT),
                            (signal.SIGKILL, 10)):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while any(map(_lives, left)) and time.monotonic() < deadline:
            time.sleep(0.2)
        messages += [
            f'heat-upgrade {words} was still running and was ended by '
            f'{signal.Signals(number).name}'
            for pid, words in left.items() if not _lives(pid)]
        left = {pid: words for pid, words in left.items() if _lives(pid)}
    return messages + [
        f'heat-upgrade {words} is still running: process {pid} does not end'
        for pid, words in left.items()]


def _lives(pid):
    try:
        text = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return False
    # Z: the process has ended, but its parent has not read the status.
    return text.rpartition(')')[2].split()[0] not in 'ZX'


def renew(tool, run):
    """Make the report of an unfinished run.

    Each finished call of a grenade run makes a report. Without a new report,
    an interrupted call would be shown with the report of the call before it.

    :returns: a sentence about the action, or '' if none was needed
    """
    before = (run / 'report.html').is_file()
    if before and report_of(run).get('finished'):
        return ''
    why = make_report(tool, run) if tool else 'heat-upgrade is not installed'
    if before:
        return (f'{run.name} did not finish; '
                + (f'its report could not be made again: {why}' if why else
                   'its report was made again'))
    return (f'{run.name} ended without a report'
            + (f', and none could be made: {why}' if why else
               '; a report was made of the results so far'))


def make_report(tool, run):
    """Let the tool make the report of a run; return the reason if it fails."""
    try:
        done = subprocess.run(
            [tool, 'report', str(run)], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            timeout=REPORT_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as exc:
        return str(exc)
    if done.returncode == 0 and (run / 'report.html').is_file():
        return ''
    return (done.stdout.decode(errors='replace')[-2000:].strip()
            or f'it ended with status {done.returncode}')


def withdraw(run, dest):
    """Move the private files of a run to a directory of their own.

    Other files stay, even if they are not publishable.
    """
    for path in sorted(run.rglob('*')):
        if path.is_symlink() or not path.is_file() or not is_private(
                path, run):
            continue
        place = dest / run.name / path.relative_to(run)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(str(path), str(place))


def collect(source, dest, *, tool=None, secrets=None):
    """End, report, copy and withdraw.

    :param source: run directory, or directory of run directories
    :param dest: directory of the published files
    :param tool: path of heat-upgrade, or None if it is not installed
    :param secrets: directory for withdraw(), or None to leave the secrets
    :returns: dict: ``runs`` (see describe()), ``messages`` (sentences),
        ``withheld`` (names), ``role_results`` (names of our roles' directories
        with results)
    """
    # The script is in bin/ of this directory, or of an environment below.
    messages = end(tool.resolve().parents[1]) if tool else []
    runs = runs_in(source)
    role_results = [name for name in ROLE_RESULTS
                    if (source / name / f'{name}.txt').is_file()]
    if not runs and not role_results:
        messages.append(
            f'There are no results in {source}: the job ended before a run of '
            'heat-upgrade began')
    for run in runs:
        messages += filter(None, [renew(tool, run)])
        if not readers(run):
            messages.append(
                f'The umask makes {run.name} readable only for its owner, so '
                'modes cannot identify secrets: its logs and streams are not '
                'published')
    withheld = lay_out(source, dest)
    if secrets:
        secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        for run in (*runs, *put_aside(source)):
            withdraw(run, secrets)
    return {'runs': [describe(run) for run in runs], 'messages': messages,
            'withheld': [str(path.relative_to(source)) for path in withheld],
            'role_results': role_results}


def main():
    from ansible.module_utils.basic import AnsibleModule
    module = AnsibleModule({
        'source': {'type': 'path', 'required': True},
        'dest': {'type': 'path', 'required': True},
        'tool': {'type': 'path'},
        'withdraw': {'type': 'path'}})
    given = {name: pathlib.Path(value) if value else None
             for name, value in module.params.items()}
    try:
        result = collect(given['source'], given['dest'], tool=given['tool'],
                         secrets=given['withdraw'])
    except OSError as exc:
        module.fail_json(msg=f'The results in {given["source"]} cannot be '
                             f'copied to {given["dest"]}: {exc}')
    module.exit_json(changed=True, **result)


if __name__ == '__main__':
    main()

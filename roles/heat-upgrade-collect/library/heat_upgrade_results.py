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

"""Lays out what of a node's results may be published, and no more.

An Ansible module, for the Python of any node (3.9 and newer), with the
standard library alone: the tool may be what could not be installed.

It ends what of the tool is still on its way (Zuul's timeout ends only what it
sees), lets the tool make a report of what there is, and copies what may be
seen by everybody. That is a list of names, so that a file that a later release
of the tool leaves behind is not published before somebody has thought about
it; and what only its owner may read is left where it is.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import time

DOCUMENTATION = r'''
module: heat_upgrade_results
short_description: lays out what of the results of a run may be published
options:
  source:
    description: A run directory, or a directory with run directories in it.
    type: path
    required: true
  dest:
    description: Where to; what is there is removed.
    type: path
    required: true
  tool:
    description: The command heat-upgrade, for a run that was cut off, and
      where what is still on its way is known by.
    type: path
  withdraw:
    description: Where to move what may not be published, so that what others
      collect of the source, and of older runs beside it, has no secrets
      of ours either.
    type: path
'''

# What a run directory is known by: the first is there as soon as it is made.
MARKS = ('plan.json', 'journal.jsonl', 'report.json')

# Of a run directory, what may be published: doc/source/reference/
# run-directory.rst says what each is.
FILES = ('report.html', 'report.json', 'junit.xml', 'plan.json',
         'journal.jsonl', 'ledger.jsonl', 'history.jsonl', 'final.json',
         'shrunk.json')
DIRECTORIES = ('subunit', 'logs', 'probes')
# Run directories within one.
INNER = ('control', 'shrink')
# Beside run directories, made by our roles, and for everybody.
BESIDE = ('checks', 'specs')
BESIDE_SUFFIXES = ('.json', '.txt')

# Never, wherever they stand: they hold passwords.
SECRET = ('clouds.yaml', 'openrc', '*.conf', '*.sql', '*.sql.gz', '*.pem',
          '*.key', 'environment.sh', '.my.cnf')

# Who may read a file, beside its owner.
OTHERS = stat.S_IRGRP | stat.S_IROTH

# The tool ends its processes and writes a report within this; an engine may
# take a minute to stop.
END_TIMEOUT = 120
REPORT_TIMEOUT = 300


def is_run(directory):
    """Tell whether a directory is that of a run."""
    return any((directory / name).is_file() for name in MARKS)


def runs_in(source):
    """Return the run directories of a place, oldest first."""
    if not source.is_dir():
        return []
    if is_run(source):
        return [source]
    return sorted(one for one in source.iterdir()
                  if one.is_dir() and not one.is_symlink() and is_run(one))


def put_aside(source):
    """Return where the runs before the one of a run directory are.

    A run that finds another one in its place puts that aside, beside it.
    """
    return sorted(one for one in source.parent.glob(f'{source.name}-*')
                  if one.is_dir() and not one.is_symlink())


def is_secret(path):
    """Tell whether a file is a secret by what it is, or is called."""
    return (not stat.S_ISREG(path.lstat().st_mode)
            or any(path.match(pattern) for pattern in SECRET))


def readers(run):
    """Return the bits of who may read what the tool has written for all.

    That is what a person's umask has left of them: the first files of a run
    are written without a thought of their mode.
    """
    for name in MARKS:
        if (run / name).is_file():
            return (run / name).stat().st_mode & OTHERS
    return 0


def is_private(path, run):
    """Tell whether a file of a run is not for everybody.

    A secret is by its name, and what is public by its name is not. Of the
    others it is what fewer may read, or whose directory fewer may read, than
    the run's own journal: somebody has narrowed that, and not a umask. Where
    only its owner may read the journal nobody can tell, and all of them are.
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
    """Copy what may be published; returns the paths that were not."""
    shutil.rmtree(dest, ignore_errors=True)
    withheld = []
    for run in runs_in(source):
        files, others = publishable(run)
        withheld += [run / inner for inner in others]
        for inner in files:
            _copy(run / inner, dest / run.name / inner)
    for name in BESIDE if not is_run(source) else ():
        for path in sorted((source / name).glob('*')):
            if path.suffix in BESIDE_SUFFIXES and not is_secret(path):
                _copy(path, dest / name / path.name)
    for path in (dest, *dest.rglob('*')) if dest.exists() else ():
        # Whoever fetches it need not be who has laid it out.
        path.chmod(0o755 if path.is_dir() else 0o644)
    return withheld


def _copy(source, dest):
    dest.parent.mkdir(parents=True, exist_ok=True)
    # It may be written to, or go away, while we look at it.
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(source, dest)


def report_of(run):
    """Return the report of a run, {} if it has none that can be read."""
    try:
        return json.loads((run / 'report.json').read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}


def describe(run):
    """Return what the role has to say of a run."""
    report = report_of(run)
    return {'name': run.name,
            'html': (run / 'report.html').is_file(),
            'junit': (run / 'junit.xml').is_file(),
            'verdict': report.get('verdict', ''),
            'finished': bool(report.get('finished')),
            'reproduce': report.get('reproduce', '')}


def under_way(place):
    """Return what of the tool is still on its way: {process id: its words}.

    :param place: directory below which its script is: that of another tool
        on this node is none of ours
    """
    found = {}
    for process in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            words = (process / 'cmdline').read_bytes().decode(
                errors='replace').removesuffix('\0').split('\0')
        except OSError:
            continue
        # The interpreter, the script that names it, and the script's words.
        script = pathlib.Path(words[1] if len(words) > 2 else '')
        if (script.name == 'heat-upgrade'
                and place in script.resolve().parents):
            found[int(process.name)] = ' '.join(
                word for word in words[2:4] if not word.startswith('-'))
    return found


def end(place):
    """End what of the tool is still on its way; returns what was done.

    Zuul's timeout ends what Zuul has started: grenade, or the shell of a task,
    and not what these have started. Asked by SIGTERM the tool ends its own
    processes, and leaves a journal that says how far it had come.

    :param place: see :func:`under_way`
    :returns: sentences
    """
    left, said = under_way(place), []
    for number, seconds in ((signal.SIGTERM, END_TIMEOUT),
                            (signal.SIGKILL, 10)):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while any(map(_lives, left)) and time.monotonic() < deadline:
            time.sleep(0.2)
        said += [f'heat-upgrade {words} was still on its way and was ended by '
                 f'{signal.Signals(number).name}'
                 for pid, words in left.items() if not _lives(pid)]
        left = {pid: words for pid, words in left.items() if _lives(pid)}
    return said + [f'heat-upgrade {words} is still on its way: process {pid} '
                   'does not end' for pid, words in left.items()]


def _lives(pid):
    try:
        text = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return False
    # Nobody may have read the status of what has ended.
    return text.rpartition(')')[2].split()[0] not in 'ZX'


def renew(tool, run):
    """Make the report of a run that did not come to its end.

    A grenade run has one of each call that came to its own: without this, that
    of the call before would be shown for the one that was cut off.

    :returns: a sentence of what was done, '' if nothing had to be
    """
    before = (run / 'report.html').is_file()
    if before and report_of(run).get('finished'):
        return ''
    why = make_report(tool, run) if tool else 'there is no heat-upgrade'
    if before:
        return (f'{run.name} did not come to its end; '
                + (f'its report could not be made again: {why}' if why else
                   'its report was made again'))
    return (f'{run.name} had ended without a report'
            + (f', and none could be made: {why}' if why else
               '; one was made of what there is'))


def make_report(tool, run):
    """Let the tool make the report of a run; returns why it could not."""
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
    """Move what is private of a run out of what others collect.

    A file that is not on the list is no secret for that, and stays.
    """
    for path in sorted(run.rglob('*')):
        if path.is_symlink() or not path.is_file() or not is_private(
                path, run):
            continue
        place = dest / run.name / path.relative_to(run)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(str(path), str(place))


def collect(source, dest, *, tool=None, secrets=None):
    """Do all of it.

    :param source: run directory, or directory of run directories
    :param dest: where to
    :param tool: path of heat-upgrade, None where there is none
    :param secrets: see :func:`withdraw`; None to leave them
    :returns: dict: ``runs`` (see :func:`describe`), ``said`` (sentences),
        ``withheld`` (names), ``beside`` (names of what has results that are
        no runs)
    """
    # Its script is in bin/ of that place, or of an environment below it.
    said = end(tool.resolve().parents[1]) if tool else []
    runs = runs_in(source)
    beside = [name for name in BESIDE
              if (source / name / f'{name}.txt').is_file()]
    if not runs and not beside:
        said.append(f'there are no results in {source}: the job ended before '
                    'a run of heat-upgrade began')
    for run in runs:
        said += filter(None, [renew(tool, run)])
        if not readers(run):
            said.append(f'{run.name} was made with a umask that lets nobody '
                        'else read it: its logs and streams, in which '
                        'nothing tells a secret by its mode, are not '
                        'published')
    withheld = lay_out(source, dest)
    if secrets:
        secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        for run in (*runs, *put_aside(source)):
            withdraw(run, secrets)
    return {'runs': [describe(run) for run in runs], 'said': said,
            'withheld': [str(path.relative_to(source)) for path in withheld],
            'beside': beside}


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
        module.fail_json(msg=f'the results in {given["source"]} cannot be '
                             f'laid out in {given["dest"]}: {exc}')
    module.exit_json(changed=True, **result)


if __name__ == '__main__':
    main()

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

"""Replaces one prepared Heat by another on a node, as pip does.

A virtual environment of links: its packages are those of the environment that
the lab has made for the release, its programs are scripts of its own.
"""

import pathlib
import re
import shutil

from heat_upgrade.tests.functional import heat_source

# What of an environment's programs a node has.
_PROGRAMS = ('heat-engine', 'heat-manage', 'heat-status', 'oslo*', 'uwsgi')


def install(environment, venv, bin_dir, *, plant, called):
    """Install Heat into a virtual environment, which is replaced.

    :param environment: directory of the environment with the release
    :param venv: the virtual environment, made if need be
    :param bin_dir: where its programs go
    :param plant: directory whose ``packages`` and ``bin`` take the place of
        those of the same name
    :param called: file to which a program adds its name and its arguments
    """
    venv, bin_dir = pathlib.Path(venv), pathlib.Path(bin_dir)
    shutil.rmtree(venv, ignore_errors=True)
    packages, = environment.glob('lib/python*/site-packages')
    place = venv / packages.relative_to(environment)
    place.mkdir(parents=True)
    for one in packages.iterdir():
        (place / one.name).symlink_to(one)
    for one in plant.glob('packages/*'):
        (place / one.name).unlink()
        (place / one.name).symlink_to(one)
    for name in ('etc', 'share'):
        if (environment / name).exists():
            (venv / name).symlink_to(environment / name)
    shutil.copy(environment / 'pyvenv.cfg', venv)
    python = venv / 'bin' / 'python3'
    python.parent.mkdir()
    python.symlink_to((environment / 'bin' / 'python').resolve())
    python.with_name('python').symlink_to('python3')
    bin_dir.mkdir(parents=True, exist_ok=True)
    for pattern in _PROGRAMS:
        for program in environment.glob(f'bin/{pattern}'):
            _write(bin_dir / program.name, _script(program, python, called))
    for program in plant.glob('bin/*'):
        _write(bin_dir / program.name, program.read_text())


def plant_program(plant, name, text):
    """Plant a program."""
    place = plant / 'bin' / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def plant_code(environment, plant, file, old, new):
    """Plant a change of Heat's code.

    :param file: below the packages, such as 'heat/engine/stack.py'
    :param old: text that stands there once
    :param new: its replacement
    """
    packages, = environment.glob('lib/python*/site-packages')
    place = plant / 'packages'
    if not place.exists():
        shutil.copytree(packages / 'heat', place / 'heat')
    heat_source.replace(place / file, old, new)


def _write(path, text):
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def _script(program, python, called):
    """Return a program that runs in the virtual environment."""
    lines = program.read_text().splitlines(keepends=True)
    # Past the line, or the lines, that name the interpreter.
    first = next(number for number, line in enumerate(lines)
                 if re.match(r'(import|from) ', line))
    note = (f'open({str(called)!r}, "a").write('
            f'" ".join([{program.name!r}, *__import__("sys").argv[1:]])'
            ' + "\\n")\n')
    return ''.join([f'#!{python}\n', note, *lines[first:]])

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

"""Reads the templates of the scenarios from the directory templates."""

from collections import abc
import os

_DIRECTORY = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          'templates')


def read(name: str) -> str:
    """Return the text of a template.

    :param name: file name in templates/
    """
    with open(os.path.join(_DIRECTORY, name), encoding='utf-8') as file:
        return file.read()


def text_of(template: str) -> str:
    """Return a template that is given as its text or as a file name."""
    return template if '\n' in template else read(template)


def texts_of(files: abc.Mapping[str, str]) -> dict[str, str]:
    """Return the files of a request: {name: text}."""
    return {name: text_of(content) for name, content in files.items()}

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

"""The published JSON Schemas of report.json and merged.json."""

import functools
import json
import os
import pathlib
import typing

FILE = pathlib.Path(__file__).with_name('report.schema.json')
MERGED = pathlib.Path(__file__).with_name('merged.schema.json')

# If this variable is set, each report is validated before it is written. The
# tests set it; the tool itself does not require the validator.
VARIABLE = 'HEAT_UPGRADE_VALIDATE_REPORTS'


def load(file: pathlib.Path = FILE) -> dict[str, typing.Any]:
    """Return a schema as data."""
    schema: dict[str, typing.Any] = json.loads(file.read_text())
    return schema


@functools.cache
def _validator(file: pathlib.Path) -> typing.Any:
    import jsonschema  # type: ignore[import-untyped]  # has no annotations
    import referencing
    # A joined report has the findings of a report.
    schemas = [referencing.Resource.from_contents(load(each))
               for each in (FILE, MERGED)]
    return jsonschema.Draft202012Validator(
        load(file), registry=schemas @ referencing.Registry())


def validate(report: dict[str, typing.Any],
             file: pathlib.Path = FILE) -> None:
    """Validate a report if VARIABLE is set.

    :param file: FILE, or MERGED for a joined report
    :raises: jsonschema.ValidationError for a report that breaks the schema
    """
    if os.environ.get(VARIABLE):
        # Validate the parsed JSON, which has no tuples and no enums.
        _validator(file).validate(json.loads(json.dumps(report)))

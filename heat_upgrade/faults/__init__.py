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

"""Faults: the weather of any cloud, and bugs that are planted on purpose.

Weather (:mod:`heat_upgrade.faults.weather`) is part of a seeded plan, and Heat
is expected to get over it. A planted bug
(:mod:`heat_upgrade.faults.catalogue`) makes a real run break one rule, to
prove that the oracle of this rule sees it.
"""

from heat_upgrade.faults import weather

BY_NAME = weather.BY_NAME

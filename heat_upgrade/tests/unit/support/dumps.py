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

"""Dumps for tests, as mariadb-dump writes them."""

import gzip
import pathlib

import zstandard

HEAD = '''\
/*M!999999\\- enable the sandbox mode */
-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB, for debian-linux-gnu
--
-- Host: localhost    Database: heat
-- ------------------------------------------------------
-- Server version\t10.11.19-MariaDB-0+deb12u1

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
'''
TAIL = '''\
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;

-- Dump completed on 2026-11-22 18:17:38
'''


def table(name, columns, *rows):
    """Return a table of a dump.

    :param columns: of the definition: ('id', 'name')
    :param rows: each as it stands in the dump: "1,'a'"
    """
    lines = ',\n'.join(f'  `{column}` longtext DEFAULT NULL'
                       for column in columns)
    text = f'''
--
-- Table structure for table `{name}`
--

DROP TABLE IF EXISTS `{name}`;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `{name}` (
{lines},
  PRIMARY KEY (`{columns[0]}`),
  CONSTRAINT `x_{name}` FOREIGN KEY (`{columns[0]}`) REFERENCES `y` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

LOCK TABLES `{name}` WRITE;
/*!40000 ALTER TABLE `{name}` DISABLE KEYS */;
'''
    if rows:
        values = ',\n'.join(f'({row})' for row in rows)
        text += f'INSERT INTO `{name}` VALUES\n{values};\n'
    return text + f'''\
/*!40000 ALTER TABLE `{name}` ENABLE KEYS */;
UNLOCK TABLES;
'''


def use(database):
    """Return the start of a database in a dump of several."""
    return f'''
--
-- Current Database: `{database}`
--

CREATE DATABASE /*!32312 IF NOT EXISTS*/ `{database}` \
/*!40100 DEFAULT CHARACTER SET utf8mb4 */;

USE `{database}`;
'''


def heat(revision='c6214ca60943', extra=''):
    """Return the tables of a small database of Heat."""
    return (table('alembic_version', ['version_num'], f"'{revision}'")
            + table('event', ['id', 'stack_id'], "1,'s'", "2,'s'")
            + table('raw_template', ['id', 'template'], "1,'{}'")
            + table('resource', ['id', 'name'], "1,'r'")
            + table('stack', ['id', 'name'], "'s','x'") + extra)


def write(directory, text, *, name='heat.sql', packing=None):
    """Write a dump to a file; returns its path.

    :param text: str, or bytes
    :param packing: None, 'gzip' or 'zstd'
    """
    content = text if isinstance(text, bytes) else text.encode()
    if packing == 'gzip':
        content = gzip.compress(content)
    elif packing == 'zstd':
        content = zstandard.compress(content)
    path = pathlib.Path(directory, name)
    path.write_bytes(content)
    return path

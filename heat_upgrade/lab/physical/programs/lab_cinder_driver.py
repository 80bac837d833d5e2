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


"""A volume driver and a backup driver that keep sparse files.

Nothing attaches a volume: the servers are those of Nova's fake driver. So no
command here needs root. Requests to create, extend or delete a volume wait
while the file LAB_CINDER_HOLD exists.
"""

import os
import time

from cinder.backup import driver as backup_driver
from cinder import interface
from cinder.volume import driver as volume_driver
from oslo_config import cfg

GIB = 2**30

# Seconds between two looks at the file.
INTERVAL = 0.1


def path_of(name):
    """Return the path of the file of a volume, snapshot or backup."""
    return os.path.join(cfg.CONF.state_path, 'files', name)


def hold():
    hold = os.environ.get('LAB_CINDER_HOLD')
    while hold and os.path.exists(hold):
        time.sleep(INTERVAL)


def copy(source, target):
    """Copy the data of a sparse file, and make the target as large."""
    with open(source, 'rb') as old, open(target, 'wb') as new:
        size = os.fstat(old.fileno()).st_size
        offset = 0
        while offset < size:
            try:
                offset = os.lseek(old.fileno(), offset, os.SEEK_DATA)
            except OSError:
                # The rest is a hole.
                break
            end = os.lseek(old.fileno(), offset, os.SEEK_HOLE)
            os.pwrite(new.fileno(), os.pread(old.fileno(), end - offset,
                                             offset), offset)
            offset = end
        os.ftruncate(new.fileno(), size)


def remove(name):
    try:
        os.unlink(path_of(name))
    except FileNotFoundError:
        # Its creation failed.
        pass


@interface.volumedriver
class Driver(volume_driver.VolumeDriver):

    VERSION = '1'
    CI_WIKI_NAME = 'none'

    def do_setup(self, context):
        os.makedirs(path_of(''), exist_ok=True)

    def check_for_setup_error(self):
        pass

    def create_volume(self, volume):
        hold()
        with open(path_of(volume.name), 'wb') as file:
            file.truncate(volume.size * GIB)

    def delete_volume(self, volume):
        hold()
        remove(volume.name)

    def extend_volume(self, volume, new_size):
        hold()
        os.truncate(path_of(volume.name), new_size * GIB)

    def create_snapshot(self, snapshot):
        copy(path_of(snapshot.volume_name), path_of(snapshot.name))

    def delete_snapshot(self, snapshot):
        remove(snapshot.name)

    def create_volume_from_snapshot(self, volume, snapshot):
        copy(path_of(snapshot.name), path_of(volume.name))
        os.truncate(path_of(volume.name), volume.size * GIB)

    def create_cloned_volume(self, volume, src_vref):
        copy(path_of(src_vref.name), path_of(volume.name))
        os.truncate(path_of(volume.name), volume.size * GIB)

    def clone_image(self, context, volume, image_location, image_meta,
                    image_service):
        """Download the image. Cinder itself would run qemu-img first."""
        with open(path_of(volume.name), 'wb') as file:
            image_service.download(context, image_meta['id'], file)
            file.truncate(volume.size * GIB)
        return {}, True

    def copy_volume_to_image(self, context, volume, image_service,
                             image_meta):
        with open(path_of(volume.name), 'rb') as file:
            image_service.update(context, image_meta['id'], {}, file)

    def _nothing(self, *args, **options):
        pass

    ensure_export = create_export = remove_export = _nothing
    create_export_snapshot = remove_export_snapshot = _nothing
    terminate_connection = terminate_connection_snapshot = _nothing

    def initialize_connection(self, volume, connector, **options):
        return {'driver_volume_type': 'fake',
                'data': {'volume_id': volume.id, 'access_mode': 'rw'}}

    initialize_connection_snapshot = initialize_connection

    def retype(self, context, volume, new_type, diff, host):
        return True, None

    def get_volume_stats(self, refresh=False):
        return {
            'volume_backend_name': 'lab', 'vendor_name': 'lab',
            'driver_version': self.VERSION, 'storage_protocol': 'fake',
            'total_capacity_gb': 'infinite', 'free_capacity_gb': 'infinite',
            'reserved_percentage': 0, 'multiattach': True,
            'QoS_support': False}


@interface.backupdriver
class Backup(backup_driver.BackupDriver):

    def backup(self, backup, volume_file, backup_metadata=False):
        copy(path_of(device_name(backup)), path_of(f'backup-{backup.id}'))

    def restore(self, backup, volume_id, volume_file, *args):
        copy(path_of(f'backup-{backup.id}'), path_of(f'volume-{volume_id}'))

    def delete_backup(self, backup):
        remove(f'backup-{backup.id}')

    def check_for_setup_error(self):
        pass


def device_name(backup):
    """Return the name of the file from which a backup is made."""
    if backup.snapshot_id:
        return cfg.CONF.snapshot_name_template % backup.snapshot_id
    return cfg.CONF.volume_name_template % backup.volume_id

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


"""cinder-scheduler, cinder-volume and cinder-backup in one process.

Its arguments are those of cinder-volume.
"""

# Before anything that imports threads.
try:
    from cinder import monkey_patch
    monkey_patch.patch()
except ImportError:
    # 2026.1 and older.
    import eventlet
    eventlet.monkey_patch()

import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402

from cinder.cmd import backup as _options  # noqa: E402, F401
from cinder.cmd import volume  # noqa: E402
from cinder.common import config  # noqa: E402, F401
from cinder.common import constants  # noqa: E402
from cinder import i18n  # noqa: E402
from cinder import objects  # noqa: E402
from cinder import service  # noqa: E402
from cinder import utils  # noqa: E402
from cinder import version  # noqa: E402
import lab_program  # noqa: E402
import os_brick  # noqa: E402
from oslo_config import cfg  # noqa: E402
from oslo_log import log as logging  # noqa: E402


class Service(service.Service):
    """A service that reports with its own row.

    Its base class keeps the id of the row once for the whole process.
    """

    def report_state(self):
        service.Service.service_id = self.origin_service_id
        super().report_state()


def replace_attachment():
    """Let a backup read and write the files, instead of a device.

    os-brick would attach the volume to this host with sudo. Cinder's modules
    for volumes need its registered objects when they are imported.
    """
    from cinder.backup import manager as backup
    from cinder.volume import volume_utils
    import lab_cinder_driver

    def attach(self, context, device, properties, is_snapshot=False):
        return {'device': {'path': lab_cinder_driver.path_of(device.name)}}

    backup.BackupManager._attach_device = attach
    backup.BackupManager._detach_device = lambda *args, **options: None
    volume_utils.brick_get_connector_properties = (
        lambda *args, **options: {'host': cfg.CONF.host, 'ip': '127.0.0.1'})


def main():
    i18n.enable_lazy()
    objects.register_all()
    cfg.CONF(sys.argv[1:], project='cinder',
             version=version.version_string())
    logging.setup(cfg.CONF, 'cinder')
    os_brick.setup(cfg.CONF)
    replace_attachment()
    signal.signal(signal.SIGTERM, lambda *args: os._exit(0))
    lab_program.wait_released()
    backend, = cfg.CONF.enabled_backends
    cfg.CONF.register_opt(volume.host_opt, group=backend)
    Service.create(
        host=f'{cfg.CONF.host}@{backend}', service_name=backend,
        binary=constants.VOLUME_BINARY, coordination=True).start()
    Service.create(
        binary='cinder-backup', coordination=True, service_name='backup',
        process_number=1, semaphore=utils.semaphore_factory(
            cfg.CONF.backup_max_operations, 1)).start()
    # It asks the other two for their capabilities. Without them, it would
    # set a new volume to error.
    scheduler = Service.create(binary='cinder-scheduler')
    scheduler.start()
    lab_program.wait_until(
        lambda: scheduler.manager.driver.host_manager.service_states)
    lab_program.announce()
    threading.Event().wait()


main()

import { createRegistry, type ModuleRegistry, type RegistryEntry } from '../core/module/registry.ts'
import type { AnyModule } from '../core/module/types.ts'

/*
 * Every module that ships, by name. Code is loaded when a playbook first uses it. A test compares this table with the
 * modules' own names and aliases.
 */

const module = (
  name: string,
  load: () => Promise<{ default: AnyModule }>,
  aliases: readonly string[] = [],
): RegistryEntry => ({
  name,
  aliases,
  load: async () => (await load()).default,
})

const ENTRIES: readonly RegistryEntry[] = [
  module('command', () => import('./commands/command.ts')),
  module('raw', () => import('./commands/raw.ts')),
  module('script', () => import('./commands/script.ts')),
  module('shell', () => import('./commands/shell.ts')),

  module('add_host', () => import('./control/add_host.ts')),
  module('assert', () => import('./control/assert.ts')),
  module('debug', () => import('./control/debug.ts')),
  module('fail', () => import('./control/fail.ts')),
  module('group_by', () => import('./control/group_by.ts')),
  module('set_fact', () => import('./control/set_fact.ts')),

  module('copy', () => import('./files/copy.ts')),
  module('file', () => import('./files/file.ts')),
  module('lineinfile', () => import('./files/lineinfile.ts')),
  module('stat', () => import('./files/stat.ts')),
  module('template', () => import('./files/template.ts')),

  module('cloud_init', () => import('./libvirt/cloud_init.ts')),
  module('libvirt_clone', () => import('./libvirt/libvirt_clone.ts')),
  module('libvirt_domain', () => import('./libvirt/libvirt_domain.ts')),
  module('libvirt_guest', () => import('./libvirt/libvirt_guest.ts')),
  module('libvirt_host', () => import('./libvirt/libvirt_host.ts')),
  module('libvirt_image', () => import('./libvirt/libvirt_image.ts')),
  module('libvirt_info', () => import('./libvirt/libvirt_info.ts')),
  module('libvirt_install', () => import('./libvirt/libvirt_install.ts')),
  module('libvirt_lint', () => import('./libvirt/libvirt_lint.ts')),
  module('libvirt_migrate', () => import('./libvirt/libvirt_migrate.ts')),
  module('libvirt_network', () => import('./libvirt/libvirt_network.ts')),
  module('libvirt_pool', () => import('./libvirt/libvirt_pool.ts')),
  module('libvirt_snapshot', () => import('./libvirt/libvirt_snapshot.ts')),
  module('libvirt_vms', () => import('./libvirt/libvirt_vms.ts')),
  module('libvirt_volume', () => import('./libvirt/libvirt_volume.ts')),
  module('virt', () => import('./libvirt/virt.ts'), ['community.libvirt.virt']),
  module('virt_net', () => import('./libvirt/virt_net.ts'), ['community.libvirt.virt_net']),
  module('virt_pool', () => import('./libvirt/virt_pool.ts'), ['community.libvirt.virt_pool']),
  module('virt_volume', () => import('./libvirt/virt_volume.ts'), ['community.libvirt.virt_volume']),

  module('bridge', () => import('./network/bridge.ts')),
  module('firewall', () => import('./network/firewall.ts')),
  module('firewalld', () => import('./network/firewalld.ts'), ['ansible.posix.firewalld']),

  module('seboolean', () => import('./security/seboolean.ts'), ['ansible.posix.seboolean']),
  module('sefcontext', () => import('./security/sefcontext.ts'), ['community.general.sefcontext']),

  module('mount', () => import('./storage/mount.ts'), ['ansible.posix.mount']),
  module('nfs_export', () => import('./storage/nfs_export.ts')),

  module('apt', () => import('./system/apt.ts')),
  module('dnf', () => import('./system/dnf.ts'), ['yum', 'ansible.builtin.yum']),
  module('group', () => import('./system/group.ts')),
  module('hostname', () => import('./system/hostname.ts')),
  module('modprobe', () => import('./system/modprobe.ts'), ['community.general.modprobe']),
  module('package', () => import('./system/package.ts')),
  module('ping', () => import('./system/ping.ts')),
  module('reboot', () => import('./system/reboot.ts')),
  module('service', () => import('./system/service.ts'), [
    'systemd',
    'systemd_service',
    'ansible.builtin.systemd',
    'ansible.builtin.systemd_service',
  ]),
  module('setup', () => import('./system/setup.ts'), ['gather_facts', 'ansible.builtin.gather_facts']),
  module('sysctl', () => import('./system/sysctl.ts'), ['ansible.posix.sysctl']),
  module('user', () => import('./system/user.ts')),
  module('wait_for', () => import('./system/wait_for.ts')),
  module('wait_for_connection', () => import('./system/wait_for_connection.ts')),
]

/** The modules that ship with virtfleet. */
export const builtinModules: ModuleRegistry = createRegistry(ENTRIES)

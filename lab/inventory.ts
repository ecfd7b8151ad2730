import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { guestCommandLine } from './image/machine.ts'
import { labPasswords } from './image/recipe.ts'
import type { Role } from './options.ts'
import { type Lab, type MachineRecord, saveLab } from './state.ts'

/** The files that a lab writes for those who drive it. */
export interface LabFiles {
  inventory: string
  privateKey: string
  knownHosts: string
}

/** Where the lab's files are. */
export function labFiles(lab: Lab): LabFiles {
  return {
    inventory: join(lab.dir, 'inventory.yml'),
    privateKey: join(lab.dir, 'id_ed25519'),
    knownHosts: join(lab.dir, 'known_hosts'),
  }
}

/** Writes the inventory in Ansible's layout and the known_hosts file, from the keys that the lab made for its machines. */
export async function writeInventory(lab: Lab): Promise<LabFiles> {
  saveLab(lab)
  const files = labFiles(lab)
  const { machines } = lab.state
  const vm = machines.find((machine) => machine.kind === 'vm')
  const nfs = machines.find((machine) => machine.role === 'nfs_servers')
  const vars = {
    ansible_user: 'root',
    ansible_ssh_private_key_file: files.privateKey,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${files.knownHosts} -o StrictHostKeyChecking=yes`,
    lab_ops_password: labPasswords.ops,
    lab_root_password: labPasswords.root,
    ...(nfs ? { nfs_server_address: nfs.fleetAddress } : {}),
    ...(vm
      ? {
          lab_guest_kernel: join(vm.image, 'guest-kernel'),
          lab_guest_initrd: join(vm.image, 'guest-initrd'),
          lab_guest_cmdline: guestCommandLine,
          lab_guest_disk: join(vm.image, 'guest-disk.qcow2'),
        }
      : {}),
  }
  const group = (role: Role) => {
    const hosts = machines
      .filter((machine) => machine.role === role)
      .map((machine) => [machine.name, hostVars(machine)])
    return hosts.length > 0 ? { [role]: { hosts: Object.fromEntries(hosts) } } : {}
  }
  const children = { ...group('hypervisors'), ...group('nfs_servers'), ...group('containers') }
  await writeFile(files.inventory, stringify({ all: { vars, children } }, { lineWidth: 0 }))
  const lines = machines.map(
    ({ address, port, hostKey }) => `${port === 22 ? address : `[${address}]:${port}`} ${hostKey}\n`,
  )
  await writeFile(files.knownHosts, lines.join(''))
  return files
}

function hostVars(machine: MachineRecord): Record<string, string | number> {
  return {
    ansible_host: machine.address,
    ansible_port: machine.port,
    fleet_address: machine.fleetAddress,
    virtfleet_host_key: machine.hostKey,
    lab_kind: machine.kind,
    ...(machine.kind === 'vm' ? { fleet_interface: 'eth1', fleet_prefix: 24 } : {}),
    ...(machine.variant ? { lab_variant: machine.variant } : {}),
  }
}

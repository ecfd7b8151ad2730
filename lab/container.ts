import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'
import { endGroup, hierarchies } from './groups.ts'
import type { Machine, MachineStatus } from './machine.ts'
import { greets } from './machine.ts'
import { ownMounts } from './namespace.ts'
import { ensureNetwork, labBridge, namespacePath } from './network.ts'
import { endProcess, isAlive, startDetached } from './process.ts'
import { writeSeed } from './seed.ts'
import { type Lab, type MachineRecord, machineFolder, saveLab } from './state.ts'

// Mounts live in a mount namespace that ends with the container; a private /run keeps nspawn's own files out of this machine's.
// nspawn leaves with 133 when the container reboots.
const startScript = `
name=$1 group=$2 image=$3 folder=$4 netns=$5; shift 5
cd "$folder"
if ! mount -t overlay overlay -o "lowerdir=$image,upperdir=upper,workdir=work" root 2>/dev/null; then
  if [ ! -e copied ]; then cp -a "$image/." copy.new && cp -a upper/. copy.new && mv copy.new copy && : > copied; fi
  mount --bind copy root
fi
exec 3< "$netns"
mount -t tmpfs -o mode=755 tmpfs /run
status=133
while [ "$status" = 133 ]; do
  (
    for hierarchy in ${hierarchies.join(' ')}; do
      [ -e "$hierarchy/cgroup.procs" ] || continue
      mkdir -p "$hierarchy/$group/$name"
      echo 0 > "$hierarchy/$group/$name/cgroup.procs"
    done
    set -- setpriv --pdeathsig KILL systemd-nspawn "$@" --directory="$folder/root"
    if ! mountpoint -q /; then mkdir -p all && mount --rbind / all && set -- chroot all "$@"; fi
    exec nsenter --net=/proc/self/fd/3 "$@"
  ) &
  child=$!
  trap 'kill -s TERM "$child"' TERM
  status=0
  while kill -0 "$child" 2>/dev/null; do wait "$child" && status=0 || status=$?; done
done
exit "$status"
`

/** A systemd container on an overlay of its image, in the lab's network namespace. It has this machine's kernel. */
export function createContainer(lab: Lab, record: MachineRecord): Machine {
  const folder = machineFolder(lab, record.name)
  const logPath = join(folder, 'console.log')
  const group = `virtfleet-lab-${lab.state.id}`
  return {
    record,
    logPath,
    async start() {
      if (isAlive(record.process)) return
      const network = await ensureNetwork(lab)
      await setAddress(lab, record, network.subnet)
      await endGroup(join(group, record.name))
      const args = [
        '--quiet',
        '--boot',
        '--register=no',
        '--keep-unit',
        `--machine=${record.name}`,
        `--network-bridge=${labBridge}`,
        '--capability=all',
        '--console=pipe',
        '--resolv-conf=off',
        '--timezone=off',
        '--link-journal=no',
        ...(existsSync('/dev/net/tun') ? ['--bind=/dev/net/tun'] : []),
      ]
      const script = ['sh', '-euc', startScript, 'sh', record.name, group, join(record.image, 'root'), folder]
      record.process = startDetached(
        'unshare',
        [...(await ownMounts()), ...script, namespacePath(network), ...args],
        lab.state.id,
        logPath,
      )
      saveLab(lab)
    },
    async stop() {
      if (record.process) await endProcess(record.process, 60_000)
      delete record.process
      saveLab(lab)
      await endGroup(join(group, record.name))
    },
    async status(): Promise<MachineStatus> {
      if (!isAlive(record.process)) return 'stopped'
      return (await greets(record.address, record.port, 1000)) ? 'running' : 'booting'
    },
  }
}

/** Gives the container its address in the lab's subnet, and lays its seed where that is new to it. */
async function setAddress(lab: Lab, record: MachineRecord, subnet: number): Promise<void> {
  const folder = machineFolder(lab, record.name)
  const address = `10.88.${subnet}.${record.number}`
  if (record.address === address && existsSync(join(folder, 'upper'))) return
  for (const each of lab.state.machines.filter((other) => other.kind === 'container')) {
    each.fleetAddress = `10.88.${subnet}.${each.number}`
  }
  record.address = address
  const interfaces = `auto lo
iface lo inet loopback

auto host0
iface host0 inet static
  address ${address}/24
  gateway 10.88.${subnet}.2
`
  const seed = await writeSeed(lab, record, { interfaces, nameserver: `10.88.${subnet}.3` })
  for (const part of ['upper', 'work', 'root']) await mkdir(join(folder, part), { recursive: true, mode: 0o755 })
  const target = existsSync(join(folder, 'copied')) ? 'copy' : 'upper'
  await run('cp', ['-a', `${seed}/.`, join(folder, target)])
}

import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { openTestLab, type TestMachine } from '../../../lab/testing.ts'
import { Workplace } from './cli.ts'

const run = promisify(execFile)

/** Two plain containers, and a folder from which the command line drives them. */
export interface RunLab {
  readonly machines: readonly [TestMachine, TestMachine]
  readonly privateKey: string
  readonly work: Workplace
  /** Inventory of both hosts, as root. */
  readonly inventory: string
  /** Writes an inventory: variables of each host on top of those that reach it. */
  inventoryOf(name: string, hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Promise<string>
  /** What plain ssh says to a script as root, trimmed; a failing script is no error. */
  native(host: TestMachine, script: string): Promise<string>
  close(): Promise<void>
}

export async function openRunLab(): Promise<RunLab> {
  const lab = await openTestLab({ containers: 2 })
  const [first, second] = lab.machines
  if (!first || !second) throw new Error('the lab has no two machines')
  const work = new Workplace()
  const { privateKey, knownHosts } = lab.files
  const inventoryOf: RunLab['inventoryOf'] = (name, hosts) => {
    const entry = (host: string): Record<string, unknown> => {
      const machine = lab.machines.find((one) => one.name === host) ?? first
      return {
        ansible_host: machine.address,
        ansible_port: machine.port,
        virtfleet_host_key: machine.hostKey,
        ...hosts[host],
      }
    }
    const vars = { ansible_user: 'root', ansible_ssh_private_key_file: privateKey }
    const all = { vars, hosts: Object.fromEntries(Object.keys(hosts).map((host) => [host, entry(host)])) }
    return work.file(name, stringify({ all }, { lineWidth: 0 }))
  }
  const options = ['-i', privateKey, '-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'BatchMode=yes']
  return {
    machines: [first, second],
    privateKey,
    work,
    inventory: await inventoryOf('inventory.yml', { [first.name]: {}, [second.name]: {} }),
    inventoryOf,
    native: async (host, script) => {
      const argv = [...options, '-o', 'ConnectTimeout=30', '-p', String(host.port), `root@${host.address}`, 'sh']
      const child = run('ssh', argv, { maxBuffer: 256 << 20 })
      child.child.stdin?.end(script)
      return (await child.catch((error: { stdout: string }) => error)).stdout.trim()
    },
    close: async () => {
      work.remove()
      await lab.close()
    },
  }
}

/** Waits until `test` holds, up to a limit; answers whether it did. */
export async function eventually(test: () => Promise<boolean>, limitMs = 60_000): Promise<boolean> {
  for (const end = Date.now() + limitMs; ; ) {
    if (await test()) return true
    if (Date.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
}

/** A shell script that makes the host a repository of packages, each of which takes its seconds to install. */
export function slowPackages(folder: string, packages: Readonly<Record<string, number>>): string {
  const make = (name: string, seconds: number): string => `mkdir -p ${name}/DEBIAN
printf 'Package: ${name}\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: Nobody <nobody@example.org>\\nDescription: takes its time\\n' >${name}/DEBIAN/control
printf '#!/bin/sh\\necho begun >/run/${name}.begun\\nsleep ${seconds}\\necho ended >/run/${name}.ended\\n' >${name}/DEBIAN/postinst
chmod 755 ${name} ${name}/DEBIAN ${name}/DEBIAN/postinst
dpkg-deb --root-owner-group -b ${name} r/${name}.deb >/dev/null
{ cat ${name}/DEBIAN/control; echo "Filename: ./${name}.deb"; echo "Size: $(stat -c %s r/${name}.deb)"
echo "SHA256: $(sha256sum r/${name}.deb | cut -d' ' -f1)"; echo; } >>r/Packages`
  const all = Object.entries(packages).map(([name, seconds]) => make(name, seconds))
  const script = `set -e\nmkdir -p r\n: >r/Packages\n${all.join('\n')}\ntar -C r -cz .`
  const made = spawnSync('sh', ['-c', script], { cwd: folder, maxBuffer: 1 << 20 })
  if (made.status !== 0) throw new Error(made.stderr.toString())
  const list = '/etc/apt/sources.list.d/virtfleet-test.list'
  return `mkdir -p /srv/repository; echo ${made.stdout.toString('base64')} | base64 -d | tar -C /srv/repository -xz
echo 'deb [trusted=yes] file:/srv/repository ./' >${list}
apt-get -qq update -o Dir::Etc::sourcelist=${list} -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0`
}

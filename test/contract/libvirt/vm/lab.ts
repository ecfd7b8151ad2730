import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { main } from '../../../../core/cli/main.ts'
import type { Streams } from '../../../../core/cli/streams.ts'
import { openTestLab } from '../../../../lab/testing.ts'
import { HYPERVISOR } from '../releases.ts'

const run = promisify(execFile)

/** What the command line came to. */
export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The command line at work, on streams of the test's. */
export interface Working {
  readonly input: PassThrough
  readonly output: PassThrough & { columns?: number }
  readonly done: Promise<Said>
  /** Waits until all it said so far matches. */
  says(pattern: RegExp, limitMs?: number): Promise<string>
}

/** Two real hypervisors, and the command line over them. */
export interface VmLab {
  readonly hosts: readonly [string, string]
  /** Inventory of both. */
  readonly both: string
  /** With a third host that does not answer. */
  readonly withSilent: string
  /** Of both, as a user who may do nothing but sudo without a password. */
  readonly asAdmin: string
  vm(...args: string[]): Promise<Said>
  start(options: { terminal?: boolean }, ...args: string[]): Working
  /** What a native tool over plain ssh says, trimmed. */
  native(index: 0 | 1, command: string): Promise<string>
  /** Defines a VM with one disk; answers with the disk's path. */
  define(index: 0 | 1, name: string, more?: { devices?: string; disk?: string }): Promise<string>
  clean(): Promise<void>
  close(): Promise<void>
}

export const FOLDER = '/var/lib/vfvm'

const CLEAN = `{
for u in $(virsh -q list --all --uuid); do virsh destroy "$u"; virsh undefine "$u" --managed-save --snapshots-metadata --nvram; done
for u in $(virsh -q pool-list --all --uuid); do virsh pool-destroy "$u"; virsh pool-undefine "$u"; done
for u in $(virsh -q net-list --all --uuid); do virsh net-destroy "$u"; virsh net-undefine "$u"; done
rm -rf ${FOLDER}; mkdir -p ${FOLDER}
} >/dev/null 2>&1; true`

export async function openVmLab(): Promise<VmLab> {
  const lab = await openTestLab({ containers: 2, variant: HYPERVISOR })
  const folder = await mkdtemp(join(tmpdir(), 'virtfleet-vm-'))
  const { privateKey, knownHosts } = lab.files
  const [first, second] = lab.machines
  if (!first || !second) throw new Error('the lab has no two machines')

  const inventory = async (file: string, user: string, more: object = {}): Promise<string> => {
    const hosts = lab.machines.map((machine) => [
      machine.name,
      { ansible_host: machine.address, ansible_port: machine.port, virtfleet_host_key: machine.hostKey },
    ])
    const vars = { ansible_user: user, ansible_ssh_private_key_file: privateKey }
    const path = join(folder, file)
    await writeFile(
      path,
      stringify({ all: { vars, hosts: { ...Object.fromEntries(hosts), ...more } } }, { lineWidth: 0 }),
    )
    return path
  }

  const native: VmLab['native'] = async (index, command) => {
    const machine = lab.machines[index]!
    const options = ['-i', privateKey, '-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'BatchMode=yes']
    const to = ['-p', String(machine.port), `root@${machine.address}`]
    return (await run('ssh', [...options, ...to, command])).stdout.trim()
  }

  const start: VmLab['start'] = ({ terminal = false }, ...args) => {
    const stream = () => Object.assign(new PassThrough(), terminal ? { isTTY: true, columns: 90, rows: 30 } : {})
    const streams = { in: Object.assign(stream(), { setRawMode: () => undefined }), out: stream(), err: stream() }
    const texts = { out: '', err: '' }
    for (const name of ['out', 'err'] as const)
      streams[name].on('data', (bytes: Buffer) => {
        texts[name] += bytes.toString('latin1')
      })
    const done = main(['vm', ...args], streams as unknown as Streams).then((code) => ({ code, ...texts }))
    let over = false
    void done.finally(() => {
      over = true
    })
    return {
      input: streams.in,
      output: streams.out,
      done,
      says: async (pattern, limitMs = 30_000) => {
        for (const end = Date.now() + limitMs; Date.now() < end && !over; await delay(20))
          if (pattern.test(texts.out + texts.err)) break
        if (!pattern.test(texts.out + texts.err))
          throw new Error(`it did not say ${pattern}, but:\n${texts.out}${texts.err}`)
        return texts.out + texts.err
      },
    }
  }

  const define: VmLab['define'] = async (index, name, { devices = '', disk = `${FOLDER}/${name}.qcow2` } = {}) => {
    const xml = `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices>
<emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${disk}'/><target dev='vda' bus='virtio'/></disk>
${devices}</devices></domain>`
    await native(
      index,
      `[ -e ${disk} ] || qemu-img create -q -f qcow2 ${disk} 16M; cat >/run/vfvm.xml <<'X'
${xml}
X
virsh -q define /run/vfvm.xml`,
    )
    return disk
  }

  return {
    hosts: [first.name, second.name],
    both: await inventory('both.yml', 'root'),
    // Nobody listens on port 1.
    withSilent: await inventory('silent.yml', 'root', { down: { ansible_host: '127.0.0.1', ansible_port: 1 } }),
    asAdmin: await inventory('admin.yml', 'admin'),
    vm: (...args) => start({}, ...args).done,
    start,
    native,
    define,
    clean: async () => void (await Promise.all([native(0, CLEAN), native(1, CLEAN)])),
    async close() {
      await rm(folder, { recursive: true })
      await lab.close()
    },
  }
}

import { availableParallelism } from 'node:os'
import { connectionPool } from '../../core/connection/index.ts'
import { type ShellText, sh } from '../../core/connection/quote.ts'
import type { Shell } from '../../core/connection/types.ts'
import { createRpc, RpcSessions } from '../../core/libvirt/rpc/index.ts'
import type { Libvirt } from '../../core/libvirt/types.ts'
import { createVirsh } from '../../core/libvirt/virsh/virsh.ts'
import { openTestLab } from '../../lab/testing.ts'
import type { Scenario } from '../scenario.ts'
import { median, ratio } from '../statistics.ts'

const DOMAINS = 200
const URI = 'qemu:///system'
const names = Array.from({ length: DOMAINS }, (_, i) => `bench${i}`)
const definition = (name: string): string =>
  `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os><devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices></domain>`

const PREPARE = sh`mkdir -p /tmp/bench && cd /tmp/bench && for n in ${names}; do printf '%s\n' ${definition('NAME')} | sed "s/NAME/$n/" > "$n.xml"; done`
/**
 * The daemon's files are in memory. On ext4 every round would take longer than the one before: it does not take the inode of a file that was
 * deleted in the last minute, and looks past all of them.
 */
const IN_MEMORY = sh`systemctl stop libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd.service 2>/dev/null
mount -t tmpfs tmpfs /etc/libvirt/qemu && systemctl start libvirtd.socket`
const ONE = sh`cd /tmp/bench && for n in ${names}; do echo "define $n.xml"; echo "dumpxml $n"; done | virsh -q -c ${URI}`
const PROCESSES = sh`cd /tmp/bench && for n in ${names}; do virsh -q -c ${URI} define "$n.xml" >/dev/null || exit; done
for n in ${names}; do virsh -q -c ${URI} dumpxml "$n" >/dev/null || exit; done`

/** Linux tells CPU times to user space in hundredths of a second. */
const MS_PER_TICK = 10

const WAYS = ['RPC', 'one virsh', '400 virsh'] as const

export const libvirt: Scenario = {
  name: 'libvirt',
  summary: `${DOMAINS} domains defined and read again, by RPC over SSH and by virsh`,
  packages: [],
  async run(bench) {
    const lab = await openTestLab({ containers: 1, variant: 'libvirt' })
    const pool = connectionPool()
    try {
      const [machine] = lab.machines
      if (!machine) throw new Error('the lab has no machine')
      const { name, address, port, hostKey } = machine
      const connection = await pool.get({
        name,
        transport: 'ssh',
        address,
        port,
        user: 'root',
        privateKeyFile: lab.files.privateKey,
        hostKeys: { policy: 'strict', pinned: [hostKey] },
        useSshConfig: false,
      })
      const shell = await connection.shell()
      const sessions = new RpcSessions(connection)
      const virsh = createVirsh({ uri: URI, read: (s, o) => shell.run(s, o), run: (s, o) => shell.run(s, o) })
      const session = () => sessions.get({ uri: URI })
      const rpc = createRpc({ session, another: session, virsh })
      await run(shell, IN_MEMORY)
      await run(shell, PREPARE)
      await virsh.available()
      const opening: number[] = []
      const daemon: number[] = []
      const found: Record<(typeof WAYS)[number], number[]> = { RPC: [], 'one virsh': [], '400 virsh': [] }
      const rounds = bench.quick ? 3 : 9
      for (let round = 0; round < rounds; round++) {
        await sessions.close()
        opening.push(await timed(session))
      }
      for (let round = 0; round < rounds; round++) {
        // Nobody is always the first, or always behind the one who leaves the caches cold.
        for (const way of [...WAYS.slice(round % WAYS.length), ...WAYS.slice(0, round % WAYS.length)]) {
          const work = {
            RPC: () => defineAndRead(rpc),
            'one virsh': () => run(shell, ONE),
            '400 virsh': () => run(shell, PROCESSES),
          }[way]
          const before = await daemonMs(shell)
          found[way].push(await timed(work))
          if (way === 'RPC') daemon.push((await daemonMs(shell)) - before)
          await Promise.all(names.map((n) => rpc.undefineDomain(n, [])))
        }
        bench.say(`round ${round + 1}: ${WAYS.map((way) => `${way} ${found[way].at(-1)?.toFixed(0)} ms`).join(', ')}`)
      }
      await sessions.close()
      return {
        figures: {
          libvirt_processes_ratio: ratio(found['400 virsh'], found.RPC),
          libvirt_batch_ratio: ratio(found['one virsh'], found.RPC),
          libvirt_open_ms: median(opening),
          libvirt_daemon_ms: median(daemon),
        },
        charts: [
          {
            title: `${DOMAINS} domains defined, then read`,
            unit: 'ms',
            bars: WAYS.map((label) => ({ label, value: median(found[label]) })),
          },
        ],
        notes: [
          `libvirtd itself works ${median(daemon).toFixed(0)} ms for the ${2 * DOMAINS} calls by RPC (CPU time of all its threads): ${availableParallelism()} cores cannot have them sooner than ${(median(daemon) / availableParallelism()).toFixed(0)} ms.`,
          `${opening.length} rounds on one real libvirtd in a container; opening the RPC's session is not in its time, nor is that of the shell in virsh's. The daemon's files are in memory. No way validates the definitions against the schema, which is the default of virsh.`,
        ],
      }
    } finally {
      await pool.closeAll()
      await lab.close()
    }
  },
}

async function defineAndRead(way: Libvirt): Promise<void> {
  await Promise.all(names.map((name) => way.defineDomain(definition(name), { validate: false })))
  const texts = await Promise.all(names.map((name) => way.domainXml(name)))
  if (texts.some((text) => !text?.includes('<name>bench'))) throw new Error('a definition was not read')
}

async function run(shell: Shell, script: ShellText): Promise<void> {
  const { status, stderr } = await shell.run(script)
  if (status !== 0) throw new Error(`it ended with ${status}: ${stderr.toString()}`)
}

/** CPU time of libvirtd since it began. */
async function daemonMs(shell: Shell): Promise<number> {
  const { stdout } = await shell.run(sh`cat "/proc/$(pidof libvirtd)/stat"`)
  const words = stdout.toString().slice(stdout.lastIndexOf(')')).split(' ')
  return (Number(words[12]) + Number(words[13])) * MS_PER_TICK
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { connectionPool } from '../../../../core/connection/index.ts'
import type { Connection, Endpoint } from '../../../../core/connection/types.ts'
import { createRpc, RpcSessions } from '../../../../core/libvirt/rpc/index.ts'
import type { Libvirt } from '../../../../core/libvirt/types.ts'
import { createVirsh } from '../../../../core/libvirt/virsh/virsh.ts'
import { openTestLab } from '../../../../lab/testing.ts'
import { RELEASE, RELEASES } from '../releases.ts'

const URI = 'qemu:///system'
const run = promisify(execFile)

/** One real libvirtd, and both ways to it. */
export interface ApiLab {
  readonly ways: Readonly<Record<Way, Libvirt>>
  readonly connection: Connection
  readonly sessions: RpcSessions
  /** A connection as another user of the host. */
  login(user: string): Promise<Connection>
  /** What a native tool over plain ssh says, trimmed. */
  native(command: string): Promise<string>
  /** Removes everything from libvirt, whatever a test has left. */
  clean(): Promise<void>
  /** Cleans, too. */
  close(): Promise<void>
}

export type Way = 'rpc' | 'virsh'
export const WAYS: readonly Way[] = ['rpc', 'virsh']

/** Opens a container of that release; of this run's unless said. */
export async function openApiLab(release = RELEASE): Promise<ApiLab> {
  const lab = await openTestLab({ containers: 1, variant: RELEASES[release] })
  const [machine] = lab.machines
  if (!machine) throw new Error('the lab has no machine')
  const pool = connectionPool()
  const login = (user: string): Promise<Connection> => {
    const endpoint: Endpoint = {
      name: `${machine.name}-${user}`,
      transport: 'ssh',
      address: machine.address,
      port: machine.port,
      user,
      privateKeyFile: lab.files.privateKey,
      hostKeys: { policy: 'strict', pinned: [machine.hostKey] },
      useSshConfig: false,
    }
    return pool.get(endpoint)
  }
  const connection = await login('root')
  const sessions = new RpcSessions(connection)
  const shell = await connection.shell()
  const virsh = createVirsh({ uri: URI, read: (s, o) => shell.run(s, o), run: (s, o) => shell.run(s, o) })
  const rpc = createRpc({
    session: () => sessions.get({ uri: URI }),
    another: () => sessions.another({ uri: URI }),
    virsh,
  })
  const native = async (command: string): Promise<string> => {
    const files = ['-i', lab.files.privateKey, '-o', `UserKnownHostsFile=${lab.files.knownHosts}`]
    const to = ['-o', 'BatchMode=yes', '-p', String(machine.port), `root@${machine.address}`]
    const { stdout } = await run('ssh', [...files, ...to, command])
    return stdout.trim()
  }
  const clean = async (): Promise<void> => void (await native(CLEAN))
  return {
    ways: { rpc, virsh },
    connection,
    sessions,
    login,
    native,
    clean,
    async close() {
      try {
        await clean()
      } finally {
        await sessions.close()
        await pool.closeAll()
        await lab.close()
      }
    },
  }
}

const CLEAN = `{
for u in $(virsh -q list --all --uuid); do
  virsh destroy "$u"; virsh undefine "$u" --managed-save --snapshots-metadata --checkpoints-metadata --nvram
done
for u in $(virsh -q pool-list --all --uuid); do virsh pool-destroy "$u"; virsh pool-undefine "$u"; done
for u in $(virsh -q net-list --all --uuid); do virsh net-destroy "$u"; virsh net-undefine "$u"; done
rm -rf /var/lib/vfapi
} >/dev/null 2>&1; true`

/** A domain that QEMU starts without hardware help: it stays at its firmware. */
export function domainXml(name: string, devices = ''): string {
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>${devices}</devices></domain>`
}

/** What a call was refused with. */
export async function refusal(answer: Promise<unknown>): Promise<{ code?: number; message: string; name: string }> {
  try {
    await answer
  } catch (error) {
    return error as { code?: number; message: string; name: string }
  }
  throw new Error('it was not refused')
}

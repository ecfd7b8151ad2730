import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ConnectionPool, Endpoint } from '../../../core/connection/types.ts'
import { openTestLab, type TestLab, type TestMachine } from '../../../lab/testing.ts'
import { type DrivenHost, drivenHost, drivenPool } from '../module-driver.ts'

/** Containers with a real libvirtd, reached over a real sshd. */
export interface LibvirtLab {
  readonly hosts: readonly DrivenHost[]
  /** The same machine, read by a check run. */
  readonly checking: readonly DrivenHost[]
  /** What native tools over plain ssh say: a command's output, trimmed. */
  native(index: number, command: string): Promise<string>
  close(): Promise<void>
}

const run = promisify(execFile)

/** Opens that many hypervisors. */
export async function openLibvirtLab(count: number): Promise<LibvirtLab> {
  const lab: TestLab = await openTestLab({ containers: count, variant: 'libvirt' })
  const pool: ConnectionPool = drivenPool()
  const open = (machine: TestMachine, check: boolean): Promise<DrivenHost> =>
    drivenHost(pool, endpoint(lab, machine), { check, variables: { fleet_address: machine.address } })
  return {
    hosts: await Promise.all(lab.machines.map((m) => open(m, false))),
    checking: await Promise.all(lab.machines.map((m) => open(m, true))),
    async native(index, command) {
      const machine = lab.machines[index]
      if (!machine) throw new Error(`there is no machine ${index}`)
      const options = [
        '-i',
        lab.files.privateKey,
        '-o',
        `UserKnownHostsFile=${lab.files.knownHosts}`,
        '-o',
        'BatchMode=yes',
      ]
      const { stdout } = await run('ssh', [...options, '-p', String(machine.port), `root@${machine.address}`, command])
      return stdout.trim()
    },
    async close() {
      await pool.closeAll()
      await lab.close()
    },
  }
}

function endpoint(lab: TestLab, machine: TestMachine): Endpoint {
  return {
    name: machine.name,
    transport: 'ssh',
    address: machine.address,
    port: machine.port,
    user: 'root',
    privateKeyFile: lab.files.privateKey,
    hostKeys: { policy: 'strict', pinned: [machine.hostKey] },
    useSshConfig: false,
  }
}

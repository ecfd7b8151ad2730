import type { ConnectionPool, Endpoint } from '../../../core/connection/types.ts'
import { openTestLab, type TestLab, type TestMachine } from '../../../lab/testing.ts'
import { type DrivenHost, drivenHost, drivenPool } from '../module-driver.ts'
import { nativeOn } from './native.ts'
import { HYPERVISOR } from './releases.ts'

/** Containers with a real libvirtd, reached over a real sshd. */
export interface LibvirtLab {
  readonly hosts: readonly DrivenHost[]
  /** The same machine, read by a check run. */
  readonly checking: readonly DrivenHost[]
  /** What native tools over plain ssh say: a command's output, trimmed. */
  native(index: number, command: string): Promise<string>
  close(): Promise<void>
}

/** Opens that many hypervisors. */
export async function openLibvirtLab(count: number): Promise<LibvirtLab> {
  const lab: TestLab = await openTestLab({ containers: count, variant: HYPERVISOR })
  const pool: ConnectionPool = drivenPool()
  const open = (machine: TestMachine, check: boolean): Promise<DrivenHost> =>
    drivenHost(pool, endpoint(lab, machine), { check, variables: { fleet_address: machine.address } })
  return {
    hosts: await Promise.all(lab.machines.map((m) => open(m, false))),
    checking: await Promise.all(lab.machines.map((m) => open(m, true))),
    native: (index, command) => nativeOn(lab, index, command),
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

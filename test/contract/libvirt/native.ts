import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Endpoint } from '../../../core/connection/types.ts'
import type { TestLab } from '../../../lab/testing.ts'

const run = promisify(execFile)

/** What native tools over plain ssh say on a lab's machine, as root: a command's output, trimmed. */
export async function nativeOn(lab: TestLab, index: number, command: string): Promise<string> {
  const machine = lab.machines[index]
  if (!machine) throw new Error(`there is no machine ${index}`)
  const options = [
    '-i',
    lab.files.privateKey,
    '-o',
    `UserKnownHostsFile=${lab.files.knownHosts}`,
    '-o',
    'BatchMode=yes',
    '-o',
    'ConnectionAttempts=10',
  ]
  const target = ['-p', String(machine.port), `root@${machine.address}`]
  const { stdout } = await run('ssh', [...options, ...target, command])
  return stdout.trim()
}

/** A lab's machine as root, with its key pinned. */
export function rootEndpoint(lab: TestLab, index: number): Endpoint {
  const machine = lab.machines[index]
  if (!machine) throw new Error(`there is no machine ${index}`)
  const { name, address, port, hostKey } = machine
  return {
    name,
    transport: 'ssh',
    address,
    port,
    user: 'root',
    privateKeyFile: lab.files.privateKey,
    hostKeys: { policy: 'strict', pinned: [hostKey] },
    useSshConfig: false,
  }
}

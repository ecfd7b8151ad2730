import { LibvirtError } from '../../../../core/libvirt/types.ts'
import type { Host } from '../../../../core/module/types.ts'

/*
 * Programs run by a guest's agent (QEMU's qga/qapi-schema.json: guest-exec, guest-exec-status).
 */

/** An agent that is there answers at once; one that has just died holds its guest's commands up so long. */
const SECONDS = 5
/** As much of a program's output as is looked at. */
const OUTPUT = 64 * 1024

/** What a program came to. */
export interface Exit {
  readonly code: number
  readonly output: string
}

/** Starts a program in the guest and answers with its number there. Raises LibvirtError. */
export async function execute(host: Host, domain: string, path: string, args: readonly string[]): Promise<number> {
  const answer = await ask(host, domain, 'guest-exec', { path, arg: args, 'capture-output': true })
  if (typeof answer.pid !== 'number') throw new LibvirtError('the guest agent started something without a number')
  return answer.pid
}

/** Undefined while it runs. Raises LibvirtError, also where the agent knows nothing of it, as after its own restart. */
export async function exitOf(host: Host, domain: string, pid: number): Promise<Exit | undefined> {
  const answer = await ask(host, domain, 'guest-exec-status', { pid })
  if (answer.exited !== true) return undefined
  const text = (key: string): string => {
    const data = answer[key]
    return typeof data === 'string' ? Buffer.from(data.slice(0, OUTPUT), 'base64').toString() : ''
  }
  const code = answer.exitcode
  // One that was ended by a signal has no code.
  return { code: typeof code === 'number' ? code : -1, output: text('out-data') + text('err-data') }
}

async function ask(host: Host, domain: string, execute: string, args: object): Promise<Record<string, unknown>> {
  const command = JSON.stringify({ execute, arguments: args })
  const text = await host.libvirt.agentCommand(domain, command, { timeoutSeconds: SECONDS })
  let answer: unknown
  try {
    answer = (JSON.parse(text) as { return?: unknown } | null)?.return
  } catch {
    answer = undefined
  }
  if (typeof answer !== 'object' || answer === null)
    throw new LibvirtError('the guest agent says nothing that is known')
  return answer as Record<string, unknown>
}

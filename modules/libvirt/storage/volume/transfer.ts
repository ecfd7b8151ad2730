import type { CommandOptions, CommandResult } from '../../../../core/connection/types.ts'
import { poolFolders } from '../../../../core/libvirt/images/places.ts'
import { type Host, ModuleFailure, type Reader } from '../../../../core/module/types.ts'
import { ask } from '../../daemon/ask.ts'
import type { SourceFormat } from './args.ts'
import { disksOfDomains } from './domains.ts'
import { lookAtSource, type Source } from './source.ts'
import type { Upload } from './upload.ts'

/** Images of terabytes over a slow disk. */
export const PATIENCE: CommandOptions = { timeoutMs: 24 * 3_600_000, timeoutBy: 'controller' }
/** Statuses of scripts. */
export const EXISTS = 90
export const NO_TOOL = 97

/** An image of the host, as it is now. Raises ModuleFailure where it is not there or must not be read. */
export async function sourceOf(host: Reader, path: string, format: SourceFormat): Promise<Source> {
  const known = await ask(host, async (libvirt) => {
    const [domains, folders] = await Promise.all([disksOfDomains(libvirt), poolFolders(libvirt)])
    return { domains, folders }
  })
  const { domains, folders } = known.kind === 'answer' ? known.value : { domains: [], folders: [] }
  const found = await lookAtSource(host, { path, format, domains, folders })
  if (!found) throw new ModuleFailure(`there is no ${path}`)
  return found
}

/** Brings the controller's file to that path of the host; a large one is gone on with after a break. */
export async function bring(host: Host, path: string, { content }: Upload): Promise<void> {
  if (Buffer.isBuffer(content)) await host.writeFile(path, content, { mode: '0600' })
  else await host.uploadFile(path, content, { mode: '0600' })
}

/** The last lines of what a script said, for a message. */
export function saidBy(answer: CommandResult): string {
  const text = (answer.merged ? answer.stdout : answer.stderr).toString().trim()
  return text === '' ? `status ${answer.status}` : text.split('\n').slice(-3).join('; ').slice(0, 500)
}

/** Raises ModuleFailure for a script that failed. */
export function refuseFailure(answer: CommandResult, name: string, path: string): void {
  if (answer.status === 0) return
  if (answer.status === EXISTS)
    throw new ModuleFailure(`${path} exists, though its pool does not know it`, {
      hint: 'virsh pool-refresh, or remove the file',
    })
  if (answer.status === NO_TOOL)
    throw new ModuleFailure('qemu-img is not on the host', { hint: 'libvirt_host installs it' })
  throw new ModuleFailure(`volume '${name}' was not made: ${saidBy(answer)}`)
}

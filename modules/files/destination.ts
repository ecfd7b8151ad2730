import { basename } from 'node:path'
import { sh } from '../../core/connection/quote.ts'
import type { Reader } from '../../core/module/types.ts'

/** Where a file named `source` goes: into `dest` if that is a folder (or ends with a slash), else to `dest` itself. */
export async function destination(host: Reader, dest: string, source: string): Promise<string> {
  if (dest.endsWith('/')) return dest + basename(source)
  const folder = await host.read(sh`[ -d ${dest} ]`)
  return folder.status === 0 ? `${dest}/${basename(source)}` : dest
}

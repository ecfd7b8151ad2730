import { randomBytes } from 'node:crypto'
import { sh } from '../../../core/connection/quote.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'

/** What files of a host's configuration hold, so far as they are there. */
export interface FoundFiles {
  readonly paths: readonly string[]
  /** Undefined where there is no such file. Raises ModuleFailure where it may not be read. */
  text(path: string): string | undefined
}

/** Reads these files and those that netplan and the network service read, in one round trip. */
export async function readConfigFiles(host: Reader, paths: readonly string[]): Promise<FoundFiles> {
  const mark = `@@${randomBytes(12).toString('hex')}`
  const answer = await host.read(sh`for f in ${paths} /etc/netplan/*.yaml /etc/sysconfig/network-scripts/ifcfg-*; do
  [ -e "$f" ] || continue
  if [ -r "$f" ]; then echo ${mark}"r$f"; cat <"$f"; else echo ${mark}"-$f"; fi
done
exit 0`)
  return markedFiles(answer.stdout.toString().split(mark).slice(1))
}

/** Files as a script printed them behind marks: a letter (`r`: it may be read), the path, a newline, the text. */
export function markedFiles(parts: readonly string[]): FoundFiles {
  const found = new Map(
    parts.map((part) => {
      const end = part.indexOf('\n')
      return [part.slice(1, end), part.startsWith('r') ? part.slice(end + 1) : false] as const
    }),
  )
  return {
    paths: [...found.keys()],
    text(path) {
      const text = found.get(path)
      if (text === false)
        throw new ModuleFailure(`cannot read ${path}: permission denied`, { hint: 'use become: true' })
      return text
    },
  }
}

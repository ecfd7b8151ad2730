import { sh } from '../../../core/connection/quote.ts'
import type { DomainModel } from '../../../core/libvirt/xml/domain.ts'
import type { Reader } from '../../../core/module/types.ts'
import { backingFiles } from '../domain/probe.ts'

/** A file as one host sees it. */
export interface FileFacts {
  readonly inode: string
  readonly size: string
  /** Type of the file system, as the kernel names it: `nfs4`, `ext4`. */
  readonly type: string
  /** What is mounted: `server:/export`. */
  readonly source: string
}

/** All files a VM needs where it runs: disks with what they are based on, media, firmware, kernel. */
export async function filesOf(host: Reader, model: DomainModel): Promise<string[]> {
  const disks = model.disks.filter((d) => d.type === 'file' || d.type === 'block').map((d) => d.source)
  const bases = await backingFiles(host, [model])
  const all = [...disks, ...bases, ...model.bootFiles, model.nvram]
  return [...new Set(all.filter((f): f is string => f?.startsWith('/') === true))]
}

/** Looks at these files on a host; those that are not there are not in the answer. */
export async function lookAt(host: Reader, files: readonly string[]): Promise<Map<string, FileFacts>> {
  const result = new Map<string, FileFacts>()
  if (files.length === 0) return result
  const script = sh`i=0; for f in ${files}; do
[ -e "$f" ] && echo "$i $(stat -L -c '%i %s' "$f") $(findmnt -no FSTYPE,SOURCE -T "$f" 2>/dev/null | tail -n 1)"
i=$((i + 1)); done; true`
  const answer = await host.read(script)
  for (const line of answer.stdout.toString().split('\n')) {
    const [index, inode, size, type = '', ...source] = line.trim().split(/\s+/)
    const path = files[Number(index)]
    if (index === '' || path === undefined || !inode || !size) continue
    result.set(path, { inode, size, type, source: source.join(' ') })
  }
  return result
}

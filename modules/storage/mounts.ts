import { unescapeBlanks } from './octal.ts'

/** What the kernel has mounted at one place. */
export interface Mount {
  readonly source: string
  readonly type: string
  /** Options of the mount and of the file system, joined. */
  readonly options: string
  /** Other spellings of the source: an NFS server by address. */
  readonly aliases: readonly string[]
}

/** The topmost mount at a path, from /proc/self/mountinfo (proc(5)); autofs triggers do not count. */
export function findMount(mountinfo: string, path: string): Mount | undefined {
  let found: Mount | undefined
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ')
    const fields = left.split(' ')
    const [type = '', source = '', superOptions = ''] = right.split(' ')
    if (unescapeBlanks(fields[4] ?? '') !== path || type === 'autofs') continue
    found = {
      source: unescapeBlanks(source),
      type,
      options: `${fields[5]},${superOptions}`,
      aliases: aliasesOf(unescapeBlanks(source), superOptions),
    }
  }
  return found
}

function aliasesOf(source: string, options: string): string[] {
  const address = /(?:^|,)addr=([^,]+)/.exec(options)?.[1]
  const colon = source.indexOf(':/')
  return address === undefined || colon < 0 ? [] : [`${address}${source.slice(colon)}`]
}

/** Flags that the kernel always tells for a mount. */
const FLAGS = new Set(['nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'sync', 'dirsync'])
const READ_ONLY = new Set(['iso9660', 'squashfs', 'erofs', 'udf', 'cramfs'])
const UNITS: Record<string, number> = { k: 1, m: 1024, g: 1024 ** 2 }

/** A value in the kernel's words: `64M` is `65536k`, the mode `0755` is `755`. */
function told(key: string, value: string): string {
  const size = /^(\d+)([kmg])$/i.exec(value)
  if (size) return `${Number(size[1]) * UNITS[size[2]!.toLowerCase()]!}k`
  return key === 'mode' ? value.replace(/^0+(?=.)/, '') : value
}

/** Declared options that are not in force. What the kernel leaves out of its answer cannot be told, and does not count. */
export function optionsNotInForce(mount: Mount, wanted: string): string[] {
  const live = mount.options.split(',')
  const values = new Map(live.flatMap((one) => (one.includes('=') ? [pair(one)] : [])))
  const declared = wanted.split(',').filter((one) => one !== '')
  const readOnly = live[0] === 'ro'
  const missing = declared.filter((one) => {
    if (FLAGS.has(one)) return !live.includes(one)
    if (!one.includes('=') || one.startsWith('x-')) return false
    const [key, value] = pair(one)
    const now = values.get(key === 'nfsvers' ? 'vers' : key)
    if (now === undefined || value.endsWith('%')) return false
    if (key === 'vers' || key === 'nfsvers') return now !== value && !now.startsWith(`${value}.`)
    return told(key, now) !== told(key, value)
  })
  if (declared.includes('ro') && !readOnly) missing.push('ro')
  if (!declared.includes('ro') && readOnly && !READ_ONLY.has(mount.type)) missing.push('rw')
  return missing
}

function pair(option: string): [string, string] {
  const at = option.indexOf('=')
  return [option.slice(0, at), option.slice(at + 1)]
}

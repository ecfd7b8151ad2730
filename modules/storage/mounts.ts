/** What the kernel has mounted at one place. */
export interface Mount {
  readonly source: string
  readonly type: string
  /** Options of the mount and of the file system, joined. */
  readonly options: string
  /** Other spellings of the source: an NFS server by address. */
  readonly aliases: readonly string[]
}

const decode = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** The topmost mount at a path, from /proc/self/mountinfo (proc(5)); autofs triggers do not count. */
export function findMount(mountinfo: string, path: string): Mount | undefined {
  let found: Mount | undefined
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ')
    const fields = left.split(' ')
    const [type = '', source = '', superOptions = ''] = right.split(' ')
    if (decode(fields[4] ?? '') !== path || type === 'autofs') continue
    found = {
      source: decode(source),
      type,
      options: `${fields[5]},${superOptions}`,
      aliases: aliasesOf(decode(source), superOptions),
    }
  }
  return found
}

function aliasesOf(source: string, options: string): string[] {
  const address = /(?:^|,)addr=([^,]+)/.exec(options)?.[1]
  const colon = source.indexOf(':/')
  return address === undefined || colon < 0 ? [] : [`${address}${source.slice(colon)}`]
}

/** Options that the kernel reports back in other words, or not at all. */
const UNSEEN =
  /^(defaults|_netdev|nofail|auto|noauto|user|nouser|users|owner|group|x-.*|bg|fg|retry=.*|nfsvers=.*|vers=.*|suid|dev|exec|async|relatime|intr|nointr|rw|loop.*)$/

/** Whether every declared option that can be seen is in force. */
export function sameOptions(mount: Mount, wanted: string): boolean {
  const live = new Set(mount.options.split(','))
  const declared = wanted.split(',').filter((one) => one !== '')
  if (declared.includes('ro') !== mount.options.split(',', 1)[0]!.includes('ro')) return false
  const version = declared.map((one) => /^(?:nfs)?vers=([\d.]+)$/.exec(one)?.[1]).find((one) => one !== undefined)
  if (
    version !== undefined &&
    ![...live].some((one) => one === `vers=${version}` || one.startsWith(`vers=${version}.`))
  )
    return false
  return declared.every((one) => UNSEEN.test(one) || one === 'ro' || live.has(one))
}

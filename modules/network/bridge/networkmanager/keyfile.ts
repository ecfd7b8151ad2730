/*
 * NetworkManager's keyfiles (nm-settings-keyfile(5)), edited line by line, so that what is not ours stays as it is.
 */

/** One section: its header's line, and all lines up to the next one, comments and empty ones among them. */
interface Section {
  readonly name: string
  readonly lines: readonly string[]
}

/** What tells to which network an interface belongs; a port of a bridge has none of it. */
const NETWORK = new Set(['ipv4', 'ipv6', 'proxy'])

const MEMBERSHIP = /^\s*(master|controller|slave-type|port-type)\s*=/

/** The sections, the lines before the first one as a section without a name. */
function sections(text: string): Section[] {
  const found: { name: string; lines: string[] }[] = [{ name: '', lines: [] }]
  for (const line of text.split('\n')) {
    const header = /^\s*\[([^\]]*)\]\s*$/.exec(line)
    if (header) found.push({ name: header[1]!, lines: [line] })
    else found.at(-1)!.lines.push(line)
  }
  return found
}

const joined = (parts: readonly Section[]): string => parts.flatMap((part) => part.lines).join('\n')

/** A value of a keyfile; undefined where it is not set. The last one counts, as for GLib. */
export function keyfileValue(text: string, section: string, key: string): string | undefined {
  let value: string | undefined
  for (const part of sections(text)) {
    if (part.name !== section) continue
    for (const line of part.lines) {
      const at = line.indexOf('=')
      if (at > 0 && !line.trimStart().startsWith('#') && line.slice(0, at).trim() === key)
        value = line.slice(at + 1).trim()
    }
  }
  return value
}

/** Whether a keyfile holds credentials, which are not ours to move about. */
export const holdsSecrets = (text: string): boolean =>
  sections(text).some(({ name }) => name === '802-1x' || name === 'macsec')

/** The sections of the link itself, as text: neither the profile's name nor anything of a network. */
export function linkSections(text: string): string {
  const own = sections(text).filter(
    ({ name }) =>
      name !== '' && name !== 'connection' && name !== 'user' && name !== 'bridge-port' && !NETWORK.has(name),
  )
  return joined(own).trimEnd()
}

/** The profile as one of a port of the bridge with that UUID: its networks are left out. The same for one that is one already. */
export function asPort(text: string, master: string): string {
  const parts = sections(text).filter(({ name }) => !NETWORK.has(name))
  return joined(
    parts.map(({ name, lines }) =>
      name !== 'connection'
        ? { name, lines }
        : {
            name,
            lines: [
              lines[0]!,
              `master=${master}`,
              'slave-type=bridge',
              ...lines.slice(1).filter((line) => !MEMBERSHIP.test(line)),
            ],
          },
    ),
  )
}

/** The text with that mtu of its link; as it is where none is given. */
export function withMtu(text: string, mtu: number | string | undefined): string {
  if (mtu === undefined) return text
  const parts = sections(text)
  const at = parts.findIndex(({ name }) => name === 'ethernet' || name === '802-3-ethernet')
  if (at < 0) return `${text.trimEnd()}\n\n[ethernet]\nmtu=${mtu}\n`.trimStart()
  const [head = '', ...rest] = parts[at]!.lines
  const lines = [head, `mtu=${mtu}`, ...rest.filter((line) => !/^\s*mtu\s*=/.test(line))]
  return joined(parts.with(at, { name: '', lines }))
}

/** The profile that was `before`, now that it is a port's no more. What was changed in it meanwhile, but for its networks, is kept. */
export function asBefore(text: string, before: string, master: string): string {
  const mtu = keyfileValue(text, 'ethernet', 'mtu') ?? keyfileValue(text, '802-3-ethernet', 'mtu')
  const port = asPort(before, master)
  if (text === port || text === withMtu(port, mtu)) return before
  const parts = sections(text)
    .filter(({ name }) => !NETWORK.has(name))
    .map(({ name, lines }) => ({
      name,
      lines: lines.filter((line) => name !== 'connection' || !MEMBERSHIP.test(line)),
    }))
  const networks = sections(before).filter(({ name }) => NETWORK.has(name))
  return `${joined(parts).trimEnd()}\n\n${joined(networks).trimEnd()}\n`
}

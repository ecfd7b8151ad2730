import { mapGet, parseYaml, type YamlMapping, type YamlNode } from '../../../core/language/index.ts'
import { ModuleFailure } from '../../../core/module/types.ts'

/*
 * netplan joins the lists of all its files: a port keeps addresses that another file gives it, whatever ours says. So their
 * lines are made comments of ours while the bridge has the port, and lines again afterwards.
 */

const mark = (bridge: string): string => `#virtfleet-bridge ${bridge}# `

/** What gives an interface addresses and routes; the rest (match, set-name, wakeonlan) stays with the port. */
const OWN = new Set(['addresses', 'gateway4', 'gateway6', 'routes', 'routing-policy', 'nameservers'])

/** The file with the lines that this bridge had set aside. */
export function release(text: string, bridge: string): string {
  const prefix = mark(bridge)
  return text
    .split('\n')
    .map((line) => (line.startsWith(prefix) ? line.slice(prefix.length) : line))
    .join('\n')
}

/** The file with the ports' addresses set aside. ModuleFailure where they stand on one line with the rest. */
export function setAside(text: string, path: string, ports: readonly string[], bridge: string): string {
  const lines = text.split('\n')
  const devices = mapping(mapping(parseYaml(text, path).root, 'network'), 'ethernets')
  if (!devices) return text
  const taken = new Set<number>()
  const emptied = devices.entries.filter(({ key, value }) => {
    const name = key.source
    if (!ports.includes(name) || value.kind !== 'mapping') return false
    const own = value.entries.filter((entry) => OWN.has(entry.key.source))
    if (own.length === 0) return false
    if (value.at.line === key.at.line) {
      throw new ModuleFailure(`${path} has all of ${name} on one line, with its addresses`, {
        hint: `write ${name} there with a line for each key, or move its addresses to this task yourself`,
      })
    }
    const whole = own.length === value.entries.length
    for (const entry of whole ? [{ key }] : own) for (const i of block(lines, entry.key.at.line - 1)) taken.add(i)
    return whole
  })
  if (emptied.length === devices.entries.length) {
    for (const [i, line] of lines.entries()) if (/^\s*ethernets:\s*(#.*)?$/.test(line)) taken.add(i)
  }
  const prefix = mark(bridge)
  return lines.map((line, i) => (taken.has(i) ? prefix + line : line)).join('\n')
}

function mapping(node: YamlNode | undefined, key: string): YamlMapping | undefined {
  const value = node?.kind === 'mapping' ? mapGet(node, key)?.value : undefined
  return value?.kind === 'mapping' ? value : undefined
}

const indent = (line: string): number => line.length - line.trimStart().length

/** Lines of a key and of what belongs to it: deeper ones, and items of its list, which may stand as far out as the key. */
function block(lines: readonly string[], start: number): number[] {
  const depth = indent(lines[start]!)
  let end = start + 1
  for (let i = end; i < lines.length; i++) {
    const line = lines[i]!
    if (line.trim() === '') continue
    if (indent(line) < depth || (indent(line) === depth && !line.trimStart().startsWith('- '))) break
    end = i + 1
  }
  return Array.from({ length: end - start }, (_, i) => start + i)
}

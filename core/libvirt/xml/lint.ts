import { readDomain } from './domain.ts'
import { child, childrenOf, type Element } from './element.ts'

/** What is wrong with a definition, and the line in its text. */
export interface Finding {
  readonly message: string
  readonly line: number
}

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i

/** `52:54:00:04:63:6` and `01:…` are what libvirt takes or refuses late; undefined if the address is good. */
export function macProblem(mac: string): string | undefined {
  if (!MAC.test(mac)) return `'${mac}' is not a MAC address: six pairs of hexadecimal digits are wanted`
  if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1)
    return `'${mac}' is a multicast address: the first byte must be even`
  if (/^00(:00){5}$/.test(mac)) return `'${mac}' is no address`
  return undefined
}

/**
 * What libvirt would accept silently, or refuse without a line, in a domain's definition: a MAC of the wrong shape,
 * duplicate targets, MACs and files, a malformed or empty UUID, a name that cannot be.
 */
export function lintDomain(element: Element): Finding[] {
  const findings: Finding[] = []
  const say = (at: Element, message: string) => findings.push({ message, line: at.line })
  if (element.name !== 'domain')
    return [{ message: `the root element is <${element.name}>, not <domain>`, line: element.line }]
  const domain = readDomain(element)
  if (domain.name === '') say(element, 'the domain has no <name>')
  else if (/[/\n]/.test(domain.name))
    say(child(element, 'name') ?? element, `the name '${domain.name}' has a slash or a line break`)
  const uuid = child(element, 'uuid')
  if (uuid && !UUID.test(uuid.text)) say(uuid, uuid.text === '' ? '<uuid> is empty' : `'${uuid.text}' is not a UUID`)
  const devices = child(element, 'devices')
  const seen = new Map<string, string>()
  const twice = (what: string, value: string | undefined, at: Element): void => {
    if (value === undefined || value === '') return
    if (seen.has(`${what} ${value}`)) say(at, `two devices have the ${what} '${value}'`)
    seen.set(`${what} ${value}`, value)
  }
  for (const disk of childrenOf(devices, 'disk')) {
    const target = child(disk, 'target')?.attributes.dev
    if (target === undefined) say(disk, 'a disk has no <target dev>')
    twice('target', target, disk)
    const source = child(disk, 'source')?.attributes
    twice('source', source?.file ?? source?.dev, disk)
    if ((disk.attributes.device ?? 'disk') === 'disk' && child(disk, 'driver')?.attributes.type === undefined) {
      say(disk, `disk ${target ?? ''} has no <driver type>: libvirt would take it for raw`)
    }
  }
  for (const nic of childrenOf(devices, 'interface')) {
    const mac = child(nic, 'mac')
    const address = mac?.attributes.address
    if (!mac || address === undefined) continue
    const problem = macProblem(address)
    if (problem !== undefined) say(mac, problem)
    twice('MAC', address.toLowerCase(), nic)
  }
  return findings
}

import { child, childrenOf, type Element, parseXml } from '../libvirt/xml/element.ts'
import { attempt, FleetError } from './errors.ts'
import type { FoundVm } from './fleet.ts'

/** A graphical console of a running VM, as its live definition has it. */
export interface Display {
  readonly type: 'vnc' | 'spice'
  /** Where it listens on the host. */
  readonly at: { readonly host: string; readonly port: number } | { readonly socketPath: string }
  /** SPICE: encrypted instead. */
  readonly tls: boolean
  readonly password: boolean
}

/** Displays of a domain; those without a port or a socket listen nowhere. */
export function displaysIn(domain: Element): Display[] {
  return childrenOf(child(domain, 'devices'), 'graphics').flatMap((graphics): Display[] => {
    const { type, socket, passwd } = graphics.attributes
    if (type !== 'vnc' && type !== 'spice') return []
    const listen = childrenOf(graphics, 'listen')
    const socketPath = socket ?? listen.find((one) => one.attributes.type === 'socket')?.attributes.socket
    const password = passwd !== undefined && passwd !== ''
    if (socketPath !== undefined && socketPath !== '') return [{ type, at: { socketPath }, tls: false, password }]
    const plain = portIn(graphics.attributes.port)
    const port = plain ?? portIn(graphics.attributes.tlsPort)
    if (port === undefined || listen.some((one) => one.attributes.type === 'none')) return []
    const address = listen.map((one) => one.attributes.address).find((one) => one !== undefined)
    const host = loopback(address ?? graphics.attributes.listen ?? '')
    return [{ type, at: { host, port }, tls: plain === undefined, password }]
  })
}

/** libvirt writes -1 where there is none. */
function portIn(text: string | undefined): number | undefined {
  const port = Number(text)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}

/** One that listens on every address is reached by the host's own. */
function loopback(address: string): string {
  if (address === '' || address === '0.0.0.0') return '127.0.0.1'
  return address === '::' ? '::1' : address
}

/** The display of that type, VNC rather than SPICE where none is named. Raises FleetError. */
export async function displayOf({ host, vm }: FoundVm, type?: 'vnc' | 'spice'): Promise<Display> {
  return attempt(`read the display of ${vm.name}@${vm.host}`, async () => {
    // With secrets, since that there is a password is not told otherwise; it goes no further than displaysIn.
    const xml = await host.libvirt.domainXml(vm.uuid, { secure: true })
    if (xml === undefined) throw new FleetError('unknown', `there is no VM '${vm.name}' on ${vm.host} any more`)
    const displays = displaysIn(parseXml(xml))
    const found = type
      ? displays.find((one) => one.type === type)
      : (displays.find((one) => one.type === 'vnc') ?? displays[0])
    if (found) return found
    const others = displays.map((one) => one.type).join(', ')
    throw new FleetError('refused', `VM '${vm.name}' has no ${type ?? 'VNC or SPICE'} display`, {
      hint: others === '' ? 'its definition needs <graphics type="vnc"/>, and it must run' : `it has ${others}`,
    })
  })
}

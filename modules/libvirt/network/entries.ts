import { child, childrenOf, type Element } from '../../../core/libvirt/xml/element.ts'

/** An entry of a list that libvirt changes while the network runs. */
export interface Entry {
  /** As differences name it: `ip[192.168.1.1].dhcp.host[52:54:00:00:00:01]`. */
  readonly path: string
  /** Of virNetworkUpdateSection, as virsh names it. */
  readonly section: string
  /** Which of several `<ip>` elements it is in. */
  readonly parentIndex: number
  /** libvirt can change it in place; others are removed and added. */
  readonly modifiable: boolean
  readonly element: Element
}

/** All entries of a network. */
export function entriesOf(network: Element): Entry[] {
  const lower = (text: string | undefined): string => (text ?? '').toLowerCase()
  const dns = child(network, 'dns')
  const plain = (parent: Element | undefined, place: string, name: string, key: string, section: string) =>
    childrenOf(parent, name).map((element) => ({
      path: `${place}${name}[${element.attributes[key] ?? ''}]`,
      section,
      parentIndex: 0,
      modifiable: section === 'portgroup',
      element,
    }))
  return [
    ...childrenOf(network, 'ip').flatMap((ip, parentIndex) => {
      const place = `ip[${lower(ip.attributes.address)}].dhcp`
      const entry = (name: string, key: string, section: string, element: Element): Entry => ({
        path: `${place}.${name}[${key}]`,
        section,
        parentIndex,
        modifiable: name === 'host',
        element,
      })
      return [
        ...childrenOf(child(ip, 'dhcp'), 'host').map((host) => entry('host', hostKey(host), 'ip-dhcp-host', host)),
        ...childrenOf(child(ip, 'dhcp'), 'range').map((range) =>
          entry('range', range.attributes.start ?? '', 'ip-dhcp-range', range),
        ),
      ]
    }),
    ...plain(dns, 'dns.', 'host', 'ip', 'dns-host'),
    ...plain(dns, 'dns.', 'srv', 'service', 'dns-srv'),
    ...plain(dns, 'dns.', 'txt', 'name', 'dns-txt'),
    ...plain(network, '', 'portgroup', 'name', 'portgroup'),
    ...plain(child(network, 'forward'), 'forward.', 'interface', 'dev', 'forward-interface'),
  ]
}

/** What a DHCP host is known by. */
export const hostKey = ({ attributes: { mac, id, name, ip } }: Element): string =>
  (mac ?? id ?? name ?? ip ?? '').toLowerCase()

/** The network without these elements. */
export function withoutElements(network: Element, gone: ReadonlySet<Element>): Element {
  return {
    ...network,
    children: network.children.filter((one) => !gone.has(one)).map((one) => withoutElements(one, gone)),
  }
}

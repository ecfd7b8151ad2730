import { sh } from '../../../core/connection/quote.ts'
import type { ConfigFiles, NetworkBackend } from './backend.ts'
import { type BridgeSpec, forwardDelay } from './spec.ts'

const MAIN = '/etc/network/interfaces'
const file = (spec: BridgeSpec): string => `/etc/network/interfaces.d/virtfleet-${spec.name}`
/** In front of lines of the ports that are out of force while the bridge has them. */
const aside = (spec: BridgeSpec): string => `#virtfleet-bridge ${spec.name}# `

/** Debian's ifupdown: a stanza for the bridge; those of its ports are set aside. bridge-utils is not needed. */
export const ifupdown: NetworkBackend = {
  name: 'ifupdown',
  mode: '0644',
  inputs: (spec) => [MAIN, file(spec)],
  files(spec, current) {
    const main = mainFile(spec, current)
    return new Map([
      ...(main === undefined ? [] : [[MAIN, main] as const]),
      [file(spec), spec.state === 'absent' ? undefined : stanza(spec)],
    ])
  },
  release: (interfaces) => sh`for i in ${interfaces}; do ifdown --force "$i" 2>/dev/null || :; done`,
  activate: ({ bridge, gone, free }) =>
    sh`${gone === undefined ? sh`:` : sh`ip link del dev ${gone} 2>/dev/null || :`}
for i in ${free}; do ifup --force "$i" 2>/dev/null || ip link set dev "$i" up; done
${bridge === undefined ? sh`:` : sh`ifup --force ${bridge}`}`,
}

function stanza(spec: BridgeSpec): string {
  const four = spec.addresses.filter((one) => !one.includes(':'))
  const [first, ...more] = four
  const method = spec.dhcp4 ? 'dhcp' : first === undefined ? 'manual' : 'static'
  const others = [...(method === 'static' ? more : four), ...spec.addresses.filter((one) => one.includes(':'))]
  const delay = forwardDelay(spec) * 100
  const lines = [
    '# Managed by virtfleet: module bridge.',
    `auto ${spec.name}`,
    `iface ${spec.name} inet ${method}`,
    ...(method === 'static' ? [`    address ${first}`] : []),
    ...(spec.gateway4 === undefined ? [] : [`    gateway ${spec.gateway4}`]),
    ...(spec.nameservers.length === 0 ? [] : [`    dns-nameservers ${spec.nameservers.join(' ')}`]),
    `    pre-up ip link show dev ${spec.name} >/dev/null 2>&1 || ip link add name ${spec.name} type bridge`,
    `    pre-up ip link set dev ${spec.name} type bridge stp_state ${spec.stp ? 1 : 0} forward_delay ${delay}`,
    ...(spec.mac === undefined ? [] : [`    pre-up ip link set dev ${spec.name} address ${spec.mac}`]),
    ...spec.ports.flatMap((port) => [
      ...(spec.mtu === undefined ? [] : [`    pre-up ip link set dev ${port} mtu ${spec.mtu}`]),
      `    pre-up ip link set dev ${port} up master ${spec.name}`,
    ]),
    ...(spec.mtu === undefined ? [] : [`    pre-up ip link set dev ${spec.name} mtu ${spec.mtu}`]),
    `    pre-up ip link set dev ${spec.name} up`,
    ...others.map((one) => `    up ip addr replace ${one} dev ${spec.name}`),
    `    post-down ip link del dev ${spec.name} 2>/dev/null || true`,
  ]
  return `${lines.join('\n')}\n`
}

function mainFile(spec: BridgeSpec, current: ConfigFiles): string | undefined {
  const text = current.get(MAIN)
  const mark = aside(spec)
  const restored = (text ?? '').split('\n').map((line) => (line.startsWith(mark) ? line.slice(mark.length) : line))
  if (spec.state === 'absent') return text === undefined ? undefined : restored.join('\n')
  const lines = setAside(restored, new Set(spec.ports), mark)
  const sourced = lines.some((line) => /^\s*source(-directory)?\s+(\/etc\/network\/)?interfaces\.d/.test(line))
  const body = lines.join('\n').replace(/\n*$/, '\n')
  return sourced ? lines.join('\n') : `${body}\nsource /etc/network/interfaces.d/*\n`
}

/** Comments out the stanzas of these interfaces, and the lines that bring them up. */
function setAside(lines: readonly string[], ports: ReadonlySet<string>, mark: string): string[] {
  let inside = false
  return lines.map((line) => {
    const words = line.trim().split(/\s+/)
    const keyword = words[0] ?? ''
    if (/^(iface|mapping|auto|allow-\S+|source|source-directory|rename)$/.test(keyword)) {
      inside = keyword === 'iface' && ports.has(words[1] ?? '')
      const brings =
        /^(auto|allow-\S+)$/.test(keyword) && words.length > 1 && words.slice(1).every((name) => ports.has(name))
      return inside || brings ? mark + line : line
    }
    return inside && line.trim() !== '' && !line.trim().startsWith('#') ? mark + line : line
  })
}

import type { ConfigFiles } from '../../../../modules/network/bridge/backend.ts'
import type { NmFacts } from '../../../../modules/network/bridge/networkmanager/facts.ts'
import { keyfileValue } from '../../../../modules/network/bridge/networkmanager/keyfile.ts'

/** Where NetworkManager keeps the profile of that name. */
export const at = (name: string) => `/etc/NetworkManager/system-connections/${name}.nmconnection`
export const BOND = `[connection]
id=bond0
uuid=b0000000-0000-4000-8000-000000000000
type=bond
interface-name=bond0

[bond]
mode=802.3ad

[ipv4]
address1=192.0.2.1/24,192.0.2.254
method=manual

[ipv6]
method=auto

[proxy]
`
export const CARD = `[connection]
id=Wired connection 1
uuid=e0000000-0000-4000-8000-000000000000
type=ethernet

[ethernet]
mtu=9000
wake-on-lan=64

[ipv4]
method=auto
`

/** A host with these profiles, each active on the interface of its name, in files of its name. */
export function host(profiles: Record<string, { text: string; type: string; state?: string; file?: string }>): {
  facts: NmFacts
  current: ConfigFiles
} {
  const rows = Object.entries(profiles).map(([name, { text, type, state = 'connected', file = at(name) }]) => ({
    name,
    text,
    state,
    file,
    type,
    uuid: keyfileValue(text, 'connection', 'uuid') ?? '',
  }))
  const current = new Map(rows.map(({ file, text }) => [file, text]))
  const facts: NmFacts = {
    devices: rows.map(({ name, type, state, uuid }) => ({
      name,
      type: type === '802-3-ethernet' ? 'ethernet' : type,
      state,
      uuid,
    })),
    profiles: rows.map(({ name, type, file, uuid }) => ({ uuid, type, file, device: name })),
    files: { paths: [...current.keys()], text: (path) => current.get(path) },
  }
  return { facts, current }
}
export const card = { text: CARD, type: '802-3-ethernet' }
export const bond = { text: BOND, type: 'bond' }
/** The same host after these files were put in place. */
export function installed(
  facts: NmFacts,
  current: ConfigFiles,
  files: ConfigFiles,
): { facts: NmFacts; current: ConfigFiles } {
  const all = new Map([...current, ...files])
  const now = new Map([...all].filter(([, text]) => text !== undefined))
  return { facts: { ...facts, files: { paths: [...now.keys()], text: (path) => now.get(path) } }, current: now }
}

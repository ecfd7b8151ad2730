import { child } from '../element.ts'
import type { DroppedRule } from './types.ts'

const dropped = (name: string, at: readonly string[], when?: DroppedRule['when']): DroppedRule => ({
  kind: 'dropped',
  name,
  at,
  ...(when && { when }),
})

const CHARACTER = ['serial', 'parallel', 'console', 'channel', 'redirdev', 'smartcard']
/** Where libvirt keeps sockets of its own making. */
const OWN_SOCKET = /^(?:\/var\/lib|\/run)\/libvirt\/qemu\/(?:channel\/|domain-\d)/

/**
 * What stands in the dump of a running domain and is made anew at each start: whoever declares a dump does not mean it.
 * libvirt drops these itself when such a dump is defined.
 */
export const droppings: readonly DroppedRule[] = [
  dropped('number of a running domain', ['domain@id']),
  dropped('generated alias', ['alias'], (e) => !(e.attributes.name ?? '').startsWith('ua-')),
  dropped('index of an image', ['source@index']),
  dropped('end of a backing chain', ['backingStore'], (e) => e.children.length === 0),
  dropped('detected backing chain', ['backingStore'], (_e, _disk, dump) => dump),
  dropped('generated interface name', ['interface/target@dev'], (e) =>
    /^(?:vnet|vif|macvtap|macvlan)\d/.test(e.attributes.dev ?? ''),
  ),
  dropped(
    'where a network led',
    ['interface/source@portid', 'interface/source@bridge', 'interface/source@dev', 'interface/source@mode'],
    (e) => e.attributes.network !== undefined,
  ),
  dropped(
    'terminal',
    CHARACTER.map((name) => `${name}/source`),
    (_e, device) => device?.attributes.type === 'pty',
  ),
  dropped('terminal of a console', ['console@tty']),
  dropped('generated socket of a channel', ['channel/source'], (e) => OWN_SOCKET.test(e.attributes.path ?? '')),
  dropped('generated socket of a screen', ['graphics@socket', 'listen@socket'], (e) =>
    OWN_SOCKET.test(e.attributes.socket ?? ''),
  ),
  dropped('state of a channel', ['channel/target@state']),
  dropped('port of autoport', ['graphics@port', 'graphics@tlsPort'], (e) => e.attributes.autoport === 'yes'),
  dropped('generated label', ['domain/seclabel'], (e, _domain, dump) => dump && e.attributes.type === 'dynamic'),
  dropped(
    'control group',
    ['domain/resource'],
    (e, _domain, dump) => dump && child(e, 'partition')?.text === '/machine',
  ),
  dropped('helper of a file system', ['filesystem/binary'], (_e, _device, dump) => dump),
  dropped(
    'memory that cells make',
    ['domain/memory'],
    (_e, domain) => child(domain, 'cpu', 'numa', 'cell') !== undefined,
  ),
  dropped(
    'nothing said',
    ['uuid', 'domain/title', 'domain/description', 'domain/metadata'],
    (e) => e.text === '' && e.children.length === 0,
  ),
]

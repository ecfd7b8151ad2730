import { child, type Element } from '../element.ts'
import type { AlikeRule, Key, KeyRule } from './types.ts'

const attribute =
  (name: string): Key =>
  (e) =>
    e.attributes[name]
const inTarget =
  (name: string): Key =>
  (e) =>
    child(e, 'target')?.attributes[name]
const text: Key = (e) => e.text
const lower =
  (key: Key): Key =>
  (e) =>
    key(e)?.toLowerCase()
const either =
  (...keys: Key[]): Key =>
  (e) =>
    keys.map((key) => key(e)).find((k) => k !== undefined)

/** What a device of the host is known by: its address, or vendor and product. */
const hostDevice: Key = (e) => {
  const parts = ['adapter', 'vendor', 'product', 'address']
    .map((name) => child(e, 'source', name))
    .filter((p): p is Element => p !== undefined)
  const said = parts.flatMap((p) => Object.entries(p.attributes).map(([name, value]) => `${p.name}.${name}=${value}`))
  return said.length === 0 ? undefined : `${e.attributes.type ?? ''} ${said.sort().join(' ')}`
}

/** Channels have a name in the guest; a forwarding has an address, and SPICE's a name that is always the same. */
const channel: Key = (e) => {
  const { name, type, address, port } = child(e, 'target')?.attributes ?? {}
  if (name !== undefined) return name
  return type === 'guestfwd'
    ? `${address ?? ''}:${port ?? ''}`
    : e.attributes.type === 'spicevmc'
      ? 'com.redhat.spice.0'
      : undefined
}

/** The console on the serial port is one; others have a number. */
const console: Key = (e) => {
  const { type = 'serial', port } = child(e, 'target')?.attributes ?? {}
  return type === 'serial' ? type : port === undefined ? undefined : `${type} ${port}`
}

const key = (at: string, ...keys: Key[]): KeyRule => ({ kind: 'key', name: `identity of ${at}`, at: [at], keys })

/** Which of several is meant. An element without a rule is one of a kind. */
export const keys: readonly KeyRule[] = [
  key('disk', (e) => child(e, 'serial')?.text, inTarget('dev')),
  key(
    'devices/interface',
    lower((e) => child(e, 'mac')?.attributes.address),
  ),
  key('filesystem', inTarget('dir')),
  key('channel', channel),
  key('serial', inTarget('port')),
  key('parallel', inTarget('port')),
  key('console', console),
  key('graphics', attribute('type')),
  key('hostdev', hostDevice),
  key('shmem', attribute('name')),
  key('devices/audio', attribute('id')),
  key('cpu/feature', attribute('name')),
  key('firmware/feature', attribute('name')),
  key('timer', attribute('name')),
  key('vcpupin', attribute('vcpu')),
  key('vcpus/vcpu', attribute('id')),
  key('iothreadids/iothread', attribute('id')),
  key('iothreadpin', attribute('iothread')),
  key('numa/cell', attribute('id')),
  key('sibling', attribute('id')),
  key('page', attribute('size')),
  key('seclabel', attribute('model')),
  key('entry', attribute('name')),
  key('qemu:env', attribute('name')),
  key('network/ip', lower(attribute('address'))),
  key('range', attribute('start')),
  key('dhcp/host', lower(either(attribute('mac'), attribute('id'), attribute('name'), attribute('ip')))),
  key('dns/host', attribute('ip')),
  key('host/hostname', text),
  key('srv', attribute('service')),
  key('txt', attribute('name')),
  key('forwarder', either(attribute('domain'), attribute('addr'))),
  key('route', attribute('address')),
  key('portgroup', attribute('name')),
  key('forward/interface', attribute('dev')),
  key('source/host', attribute('name')),
  key('source/device', attribute('path')),
]

const alike = (at: string, ...by: string[]): AlikeRule => ({
  kind: 'alike',
  name: `any ${at}`,
  at: [at],
  by,
  strict: false,
})
const alikeOfType = (at: string, ...by: string[]): AlikeRule => ({ ...alike(at, ...by), strict: true })

export const alikes: readonly AlikeRule[] = [
  alikeOfType('controller', 'type', 'index'),
  alike('devices/interface', 'type'),
  alike('serial', 'type'),
  alike('console', 'type'),
  alike('channel', 'type'),
  alikeOfType('input', 'type', 'bus'),
  alike('redirdev', 'type', 'bus'),
  alike('devices/memory', 'model'),
  alike('video'),
  alike('sound', 'model'),
  alike('rng', 'model'),
  alike('watchdog', 'model'),
  alike('smartcard', 'mode'),
  alike('panic', 'model'),
  alikeOfType('hub', 'type'),
]

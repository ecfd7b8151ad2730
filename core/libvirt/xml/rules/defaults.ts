import type { DefaultRule } from './types.ts'

const byDefault = (at: string, value: DefaultRule['value']): DefaultRule => ({
  kind: 'default',
  name: `default of ${at}`,
  at,
  value,
})

/** What libvirt does not write where nothing else is meant; what it writes always needs no rule. */
export const defaults: readonly DefaultRule[] = [
  byDefault('vcpu@current', (vcpu) => vcpu.text),
  byDefault('disk/target@tray', 'closed'),
  byDefault('disk/driver@cache', 'default'),
  byDefault('interface@trustGuestRxFilters', 'no'),
  byDefault('source@tls', 'no'),
  byDefault('ip@family', 'ipv4'),
  byDefault('bridge@stp', 'on'),
  byDefault('bridge@delay', '0'),
  byDefault('range@end', ''),
]

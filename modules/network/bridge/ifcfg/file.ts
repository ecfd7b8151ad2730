import { ModuleFailure } from '../../../../core/module/types.ts'

/*
 * One file ifcfg-NAME: assignments that the network service's scripts source as shell (sysconfig.txt of initscripts). What a
 * port has of its own is made a comment while a bridge has it; what makes it a port stands in a block before the rest.
 */

const mark = (bridge: string): string => `#virtfleet-bridge ${bridge}# `
const begins = (bridge: string): string => `#virtfleet-bridge ${bridge} begins`
const ends = (bridge: string): string => `#virtfleet-bridge ${bridge} ends`

/** Networks of an interface, and what decides whether and where it is brought up. */
const OWN =
  /^(BOOTPROTO|IPADDR\d*|PREFIX\d*|NETMASK\d*|GATEWAY\d*|BROADCAST\d*|NETWORK|SRCADDR|DNS\d+|DOMAIN|PEERDNS|PEERROUTES|DEFROUTE|METRIC|ARPCHECK\d*|DHCP\w*|PERSISTENT_DHCLIENT|IPV[46]\w*|NETWORKING_IPV6|ONBOOT|BRIDGE)$/

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/

/** A variable's value without its quotes; undefined where it is not set. The last one counts. */
export function ifcfgValue(text: string, variable: string): string | undefined {
  let value: string | undefined
  for (const line of text.split('\n')) {
    const [, name, rest = ''] = ASSIGNMENT.exec(line) ?? []
    if (name !== variable) continue
    const [, quoted] = /^(?:"([^"]*)"|'[^']*')/.exec(rest) ?? []
    value = quoted ?? (rest.startsWith("'") ? rest.slice(1, rest.indexOf("'", 1)) : rest.replace(/\s.*$/, ''))
  }
  return value
}

/** The file as it was before this bridge had its interface. */
export function release(text: string, bridge: string): string {
  const lines = text.split('\n')
  const end = lines.indexOf(ends(bridge))
  const rest = lines[0] === begins(bridge) && end > 0 ? lines.slice(end + 1) : lines
  const prefix = mark(bridge)
  return rest.map((line) => (line.startsWith(prefix) ? line.slice(prefix.length) : line)).join('\n')
}

/** The released file as that of a port. ModuleFailure where a value goes over several lines. */
export function setAside(text: string, path: string, bridge: string, mtu: number | undefined): string {
  const lines = text.split('\n').map((line, i) => {
    const [, name = '', rest = ''] = ASSIGNMENT.exec(line) ?? []
    if (!OWN.test(name) && !(name === 'MTU' && mtu !== undefined)) return line
    if ((rest.match(/(?<!\\)["']/g) ?? []).length % 2 === 1 || rest.endsWith('\\')) {
      throw new ModuleFailure(`${path}:${i + 1} has a value of ${name} that goes over several lines`, {
        hint: 'write it on one line',
      })
    }
    return mark(bridge) + line
  })
  const block = [begins(bridge), `BRIDGE=${bridge}`, 'BOOTPROTO=none', 'ONBOOT=yes']
  return [...block, ...(mtu === undefined ? [] : [`MTU=${mtu}`]), ends(bridge), ...lines].join('\n')
}

/*
 * virsh's tables under -q have no header; a name may hold spaces, the columns behind it do not. UUIDs come from a second
 * command in the same order.
 */

/** Lines of `… --uuid`. */
export function lines(output: string): string[] {
  return output.split('\n').filter((line) => line.trim() !== '')
}

/** `list --all --uuid --name`: the UUID, one space, the name as it is. */
export function uuidNames(output: string): { uuid: string; name: string }[] {
  const result = []
  for (const line of output.split('\n')) {
    const match = /^\s*([0-9a-f-]{36})\s+(.+?)\s*$/.exec(line)
    if (match?.[1] && match[2]) result.push({ uuid: match[1], name: match[2] })
  }
  return result
}

/** ` name   active   yes   no`: name, state and the yes/no columns behind it. */
export function stateRows(output: string): { name: string; active: boolean; flags: boolean[] }[] {
  const result = []
  for (const line of output.split('\n')) {
    const match = /^ ?(\S.*?)\s+(active|inactive|running)((?:\s+(?:yes|no))+)\s*$/.exec(line)
    if (!match?.[1]) continue
    const flags = (match[3] ?? '').trim().split(/\s+/)
    result.push({ name: match[1], active: match[2] !== 'inactive', flags: flags.map((f) => f === 'yes') })
  }
  return result
}

/** `domstats --raw --state`: numbers by domain name. */
export function domainStates(output: string): Map<string, { state: number; reason: number }> {
  const result = new Map<string, { state: number; reason: number }>()
  for (const block of output.split(/^Domain: '/m).slice(1)) {
    const name = /^(.*)'$/m.exec(block)?.[1]
    const state = /^\s*state\.state=(\d+)/m.exec(block)?.[1]
    const reason = /^\s*state\.reason=(\d+)/m.exec(block)?.[1]
    if (name !== undefined && state !== undefined)
      result.set(name, { state: Number(state), reason: Number(reason ?? 0) })
  }
  return result
}

/** `net-dhcp-leases`: expiry (date and time), MAC, protocol, address/prefix, host name, client id. */
export function leaseRows(output: string): { mac: string; address: string; hostname?: string; expiry: string }[] {
  const result = []
  for (const line of output.split('\n')) {
    const match =
      /^\s*(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s+([0-9a-f:]{17})\s+ipv[46]\s+([0-9a-fA-F.:]+)\/\d+\s+(\S+)/.exec(line)
    if (!match?.[1] || !match[2] || !match[3]) continue
    const hostname = match[4] === '-' ? undefined : match[4]
    result.push({ mac: match[2], address: match[3], expiry: match[1], ...(hostname === undefined ? {} : { hostname }) })
  }
  return result
}

/** `vol-list`: the path is the last column and begins with a slash; names may hold spaces. */
export function volumeRows(output: string): { name: string; path: string }[] {
  const result = []
  for (const line of output.split('\n')) {
    const match = /^ ?(\S.*?)\s+(\/.*?)\s*$/.exec(line) ?? /^ ?(\S.*?) {2,}(\S.*?)\s*$/.exec(line)
    if (match?.[1] && match[2]) result.push({ name: match[1], path: match[2] })
  }
  return result
}

import { addressesOf, SOURCES, type VmAddress } from '../../fleet/addresses.ts'
import { CliError, EXIT } from '../exit.ts'
import type { Streams } from '../streams.ts'
import type { DataFlags } from './flags.ts'
import { lookAt } from './look-at.ts'
import { withFleet } from './open.ts'
import { type Column, printJson, printLines, tableLines, tell } from './print.ts'

export interface IpFlags extends DataFlags {
  source?: (typeof SOURCES)[number]
}

const COLUMNS: readonly Column<VmAddress>[] = [
  { title: 'ADDRESS', cell: (one) => `${one.address}/${one.prefix}` },
  { title: 'SOURCE', cell: (one) => one.source },
  { title: 'INTERFACE', cell: (one) => one.interface },
  { title: 'MAC', cell: (one) => one.mac ?? '-' },
]

/** `virtfleet vm ip`. */
export function ip(name: string, flags: IpFlags, streams: Streams): Promise<number> {
  return withFleet(flags, streams, async (open) => {
    const { host, vm } = await lookAt(open, name)
    const { addresses, unavailable } = await addressesOf(host, vm.uuid, flags.source ? [flags.source] : SOURCES)
    if (flags.output === 'json') {
      const all = addresses.map((one) => ({ ...one, mac: one.mac ?? null }))
      printJson(open, { name: vm.name, host: vm.host, uuid: vm.uuid, addresses: all, unavailable })
    } else if (addresses.length > 0) printLines(open, tableLines(COLUMNS, addresses))
    for (const { source, reason } of unavailable) tell(open, `not from ${source}: ${reason}`)
    if (addresses.length > 0) return EXIT.ok
    throw new CliError(`no address of ${vm.name}@${vm.host} is known`, {
      exitCode: EXIT.error,
      hint: vm.state === 'running' ? 'it may still boot' : `it is ${vm.state}`,
    })
  })
}

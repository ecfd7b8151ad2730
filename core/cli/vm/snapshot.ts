import {
  createSnapshot,
  deleteSnapshot,
  findSnapshot,
  isSnapshotName,
  listSnapshots,
  revertSnapshot,
  type VmSnapshot,
} from '../../fleet/snapshots.ts'
import { CliError, EXIT } from '../exit.ts'
import type { Streams } from '../streams.ts'
import { demandConsent } from './consent.ts'
import type { DataFlags } from './flags.ts'
import { lookAt } from './look-at.ts'
import { withFleet } from './open.ts'
import { type Column, printJson, printLines, tableLines, tell } from './print.ts'
import { untilInterrupted } from './until-interrupted.ts'

export interface CreateFlags extends DataFlags {
  description?: string
  external?: boolean
  quiesce?: boolean
}

export interface RevertFlags extends DataFlags {
  running?: boolean
  paused?: boolean
  yes?: boolean
}

export interface DeleteFlags extends DataFlags {
  children?: boolean
  yes?: boolean
}

const COLUMNS: readonly Column<VmSnapshot>[] = [
  { title: 'NAME', cell: (one) => (one.current ? `${one.name} *` : one.name) },
  { title: 'CREATED', cell: (one) => one.created?.toISOString().replace(/\.\d+Z$/, 'Z') ?? '-' },
  { title: 'STATE', cell: (one) => one.state ?? '-' },
  { title: 'KIND', cell: (one) => one.kind },
  { title: 'PARENT', cell: (one) => one.parent ?? '-' },
  { title: 'DESCRIPTION', cell: (one) => one.description ?? '' },
]

/** A snapshot as JSON; docs/guide/vm.md describes it. */
export function snapshotDocument(one: VmSnapshot): object {
  const { name, parent, current, created, state, kind, description } = one
  const rest = { state: state ?? null, kind, parent: parent ?? null, description: description ?? null }
  return { name, current, created: created?.toISOString() ?? null, ...rest }
}

/** `virtfleet vm snapshot list`. */
export function list(vmName: string, flags: DataFlags, streams: Streams): Promise<number> {
  return withFleet(flags, streams, async (open) => {
    const found = await lookAt(open, vmName)
    const snapshots = await listSnapshots(found)
    const { name, host, uuid } = found.vm
    if (flags.output === 'json') printJson(open, { name, host, uuid, snapshots: snapshots.map(snapshotDocument) })
    else printLines(open, tableLines(COLUMNS, snapshots))
    return EXIT.ok
  })
}

/** `virtfleet vm snapshot create`. */
export function create(vmName: string, name: string, flags: CreateFlags, streams: Streams): Promise<number> {
  if (!isSnapshotName(name)) throw new CliError(`'${name}' is no name of a snapshot`)
  const { description, external = false, quiesce = false } = flags
  if (quiesce && !external) throw new CliError('--quiesce goes with --external')
  return withFleet(flags, streams, async (open) => {
    const found = await open.fleet.find(vmName, 'change')
    await createSnapshot(found, { name, external, quiesce, ...(description !== undefined && { description }) })
    const { host } = found.vm
    if (flags.output === 'json') printJson(open, { name: found.vm.name, host, snapshot: name, changed: true })
    else tell(open, `${found.vm.name}@${host}: snapshot '${name}' is made`)
    return EXIT.ok
  })
}

/** `virtfleet vm snapshot revert`. */
export function revert(vmName: string, name: string, flags: RevertFlags, streams: Streams): Promise<number> {
  return withFleet(flags, streams, async (open) => {
    const found = await open.fleet.find(vmName, 'change')
    await findSnapshot(found, name)
    const title = `${found.vm.name}@${found.vm.host}`
    await demandConsent(open, flags, `Revert ${title} to '${name}'? What it did since is lost.`)
    const then = { ...(flags.running && { running: true }), ...(flags.paused && { paused: true }) }
    const { state, reason } = await revertSnapshot(found, name, then)
    if (flags.output === 'json') {
      const { host } = found.vm
      printJson(open, { name: found.vm.name, host, snapshot: name, changed: true, state, reason: reason ?? null })
    } else tell(open, `${title}: reverted to '${name}' (${state})`)
    return EXIT.ok
  })
}

/** `virtfleet vm snapshot delete`. */
export function remove(vmName: string, name: string, flags: DeleteFlags, streams: Streams): Promise<number> {
  return withFleet(flags, streams, async (open) => {
    const found = await open.fleet.find(vmName, 'change')
    const { kind } = await findSnapshot(found, name)
    const title = `${found.vm.name}@${found.vm.host}`
    const more = flags.children ? ', and all that were made since,' : ''
    await demandConsent(open, flags, `Delete ${kind} snapshot '${name}'${more} of ${title}? The VM stays as it is.`)
    let told = ''
    const onMerging = (message: string): void => {
      if (message !== told) tell(open, `${title}: ${message}`)
      told = message
    }
    // Interrupted once, it is finished all the same: nothing stays half merged.
    await untilInterrupted(() => deleteSnapshot(found, name, { children: flags.children ?? false, onMerging }))
    const { host } = found.vm
    if (flags.output === 'json') printJson(open, { name: found.vm.name, host, snapshot: name, changed: true })
    else tell(open, `${title}: snapshot '${name}' is deleted`)
    return EXIT.ok
  })
}

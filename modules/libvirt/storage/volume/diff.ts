import { type Change, ModuleFailure } from '../../../../core/module/types.ts'
import { undecided } from '../../daemon/ask.ts'
import { whoNeeds } from '../../image/diff.ts'
import { newFormat, type VolumeArgs, wantedCapacity } from './args.ts'
import type { VolumeHost, VolumeState } from './probe.ts'
import type { Volume } from './read.ts'

/** What has to change. Raises ModuleFailure for what cannot be. */
export function diffVolume({ check, answer }: VolumeState, a: VolumeArgs): Change[] {
  const capacity = wantedCapacity(a)
  if (answer.kind === 'silent') return undecided('state', answer)
  const host = answer.kind === 'answer' ? answer.value : undefined
  if (host?.pool?.active === false)
    throw new ModuleFailure(`pool '${a.pool}' does not run: what is in it is not known`, {
      hint: 'libvirt_pool with state: active',
    })
  const volume = host?.torn ? undefined : host?.volume
  if (a.state === 'absent') return host?.volume ? removal(host, a) : []
  if (!volume) return creation(host, a, capacity, check)
  if (a.format !== undefined && volume.format !== a.format)
    throw new ModuleFailure(
      `volume '${a.name}' is ${volume.format}, not ${a.format}; it is not converted in its place`,
      {
        hint: 'a volume of another name with from: makes one of another format out of it',
      },
    )
  if (a.backing !== undefined && volume.backing !== a.backing)
    throw new ModuleFailure(`volume '${a.name}' is based on ${volume.backing ?? 'nothing'}, not on ${a.backing}`)
  return [...replacement(host, volume, a), ...resizing(host, volume, a, capacity), ...downloading(host, volume, a)]
}

function removal({ users }: VolumeHost, a: VolumeArgs): Change[] {
  const why = whoNeeds(users)
  if (why === undefined) return [{ path: 'state', before: 'present', after: 'absent', effect: 'now' }]
  throw new ModuleFailure(`volume '${a.name}' is not deleted: ${why}`, {
    hint: 'remove the domain, or detach the disk, first; what is on top of an image is lost with it',
  })
}

function creation(host: VolumeHost | undefined, a: VolumeArgs, capacity: bigint | undefined, check: boolean): Change[] {
  const made = a.from ?? a.src
  if (made === undefined && capacity === undefined && a.backing === undefined)
    throw new ModuleFailure(
      a.dest === undefined ? 'a new volume needs capacity, backing, from or src' : `there is no volume '${a.name}'`,
    )
  const notes = [
    host?.pool === undefined && `there is no pool '${a.pool}' yet`,
    host?.torn === true && 'an attempt to fill it was cut: made anew',
    made !== undefined && contentNote(host, a, capacity, check),
    a.backing !== undefined && baseNote(host, a.backing, check),
  ].filter((note) => typeof note === 'string')
  const note = notes.length > 0 ? { note: notes.join('; ') } : {}
  return [{ path: 'state', before: 'absent', after: 'present', effect: 'now', ...note }]
}

/** A base that is not there yet. */
function baseNote(host: VolumeHost | undefined, backing: string, check: boolean): string | undefined {
  if (host === undefined || host.source !== undefined) return undefined
  if (!check && host.pool !== undefined) throw new ModuleFailure(`there is no base image ${backing}`)
  return `there is no ${backing} yet`
}

/** What its content will be. */
function contentNote(
  host: VolumeHost | undefined,
  a: VolumeArgs,
  capacity: bigint | undefined,
  check: boolean,
): string | undefined {
  if (host?.pool?.kind === 'others')
    throw new ModuleFailure(`pool '${a.pool}' is neither of files nor of block devices: from and src do not go with it`)
  const content = host?.source ?? host?.upload
  if (!content) {
    if (a.src !== undefined) return undefined
    if (!check && host?.pool !== undefined) throw new ModuleFailure(`there is no ${a.from} to copy`)
    return `there is no ${a.from} yet`
  }
  const { virtualSize: size } = content
  if (size !== undefined && capacity !== undefined && capacity < size)
    throw new ModuleFailure(`capacity ${capacity} is less than the ${size} bytes of ${a.from ?? a.src}`)
  const format = newFormat(a, host?.pool?.kind === 'blocks')
  if (a.compressed && format !== 'qcow2') throw new ModuleFailure('compressed needs the format qcow2')
  const how = content.format === format ? 'a copy of' : `${format}${a.compressed ? ', compressed,' : ''} made of`
  return `${how} ${a.from ?? a.src} (${content.format})`
}

/** Only where the task says so: what a machine writes to its disk is its own. */
function replacement(host: VolumeHost | undefined, volume: Volume, a: VolumeArgs): Change[] {
  const upload = host?.upload
  if (!a.force || !upload) return []
  if (host?.pool?.kind !== 'files') throw new ModuleFailure('force goes with pools of files only')
  if (upload.format !== volume.format || a.compressed || a.capacity !== undefined)
    throw new ModuleFailure(`a ${volume.format} volume cannot be compared with ${a.src}, which is ${upload.format}`, {
      hint: 'force compares what is neither converted, compressed nor given another capacity',
    })
  if (volume.digest === upload.sha256) return []
  const why = whoNeeds(host.users)
  if (why !== undefined)
    throw new ModuleFailure(`volume '${a.name}' has another content than ${a.src}, and is not replaced: ${why}`)
  const before = volume.digest === undefined ? 'unknown' : `sha256:${volume.digest}`
  return [{ path: 'content', before, after: `sha256:${upload.sha256}`, effect: 'now' }]
}

/** Block devices come in units: extents of LVM, aligned partitions. */
const UNIT_OF_BLOCKS = 32n * 1024n * 1024n
const SECTOR = 512n

function resizing(host: VolumeHost | undefined, volume: Volume, a: VolumeArgs, capacity: bigint | undefined): Change[] {
  if (capacity === undefined) return []
  const unit = host?.pool?.kind === 'blocks' ? UNIT_OF_BLOCKS : SECTOR
  if (volume.capacity >= capacity && volume.capacity < capacity + unit) return []
  const change: Change = { path: 'capacity', before: String(volume.capacity), after: String(capacity), effect: 'now' }
  if (volume.capacity < capacity) return [change]
  if (!a.allow_shrink)
    throw new ModuleFailure(
      `volume '${a.name}' has ${volume.capacity} bytes, more than the ${capacity} of the task; it is never shrunk unasked`,
      { hint: 'allow_shrink: true, after the file system in it was made smaller: what is behind the new end is lost' },
    )
  const running = volume.users.find((one) => one.running)
  if (running) throw new ModuleFailure(`volume '${a.name}' is not shrunk: ${running.name} has it, and runs`)
  const why = whoNeeds(host?.users && { ...host.users, domains: [] })
  if (why !== undefined) throw new ModuleFailure(`volume '${a.name}' is not shrunk: ${why}`)
  return [{ ...change, note: 'what is behind the new end is lost' }]
}

function downloading(host: VolumeHost | undefined, volume: Volume, a: VolumeArgs): Change[] {
  const download = host?.download
  if (a.dest === undefined || !download) return []
  if (volume.writer !== undefined)
    throw new ModuleFailure(
      `volume '${a.name}' is a disk of '${volume.writer}', which runs or is saved: a copy would be torn`,
    )
  if (volume.backing !== undefined)
    throw new ModuleFailure(`volume '${a.name}' is on top of ${volume.backing}: alone it is of no use`, {
      hint: 'from: makes a volume of it that is whole',
    })
  const { before, after } = download
  if (before !== undefined && before === after) return []
  return [
    {
      path: 'dest',
      before: before === undefined ? 'absent' : `sha256:${before}`,
      after: after === undefined ? `the ${download.size} bytes of the volume` : `sha256:${after}`,
      effect: 'now',
    },
  ]
}

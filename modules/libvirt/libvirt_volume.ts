import type { z } from 'zod'
import { canonical } from '../../core/libvirt/xml/canonical.ts'
import { child, escapeXml, parseXml } from '../../core/libvirt/xml/element.ts'
import { parseSize } from '../../core/libvirt/xml/units.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, type Host, ModuleFailure, type Reader } from '../../core/module/types.ts'
import { type Answer, ask, requireAnswer, undecided } from './daemon/ask.ts'
import { attempt } from './daemon/failure.ts'
import { whenPoolIsFree } from './storage/retry.ts'
import { allDomains, type KnownDomain, usersOf } from './storage/users.ts'

const args = arg.object({
  pool: arg.name().describe('Name of the pool, which must be active.'),
  name: arg.name().describe('Name of the volume.'),
  state: arg.choice('present', 'absent').default('present'),
  capacity: arg
    .str()
    .optional()
    .describe('Virtual size, such as 20G; needed unless there is a backing. Grown, never shrunk.'),
  format: arg
    .choice('qcow2', 'raw')
    .default('qcow2')
    .describe('Format of a new volume; another one on disk is refused.'),
  backing: arg.path().optional().describe('Base image: the new volume holds only what differs from it.'),
  backing_format: arg
    .choice('qcow2', 'raw')
    .default('qcow2')
    .describe('Format of the base image; always written down.'),
})
type Args = z.output<typeof args>

interface Volume {
  readonly path: string
  readonly capacity: bigint
  readonly format: string
  readonly backing: string | undefined
  readonly users: readonly { readonly name: string; readonly running: boolean; readonly target: string | undefined }[]
}

interface Found {
  readonly poolActive: boolean | undefined
  readonly volume: Volume | undefined
}

type State = Answer<Found>

async function probe(host: Reader, a: Args): Promise<State> {
  return await ask(host, async (libvirt) => {
    const [pools, xml, domains] = await Promise.all([libvirt.pools(), volumeXml(host, a), allDomains(libvirt)])
    return {
      poolActive: pools.find((p) => p.name === a.pool)?.active,
      volume: xml === undefined ? undefined : read(xml, domains),
    }
  })
}

/** Undefined also where the pool does not run: its volumes are not known then. */
async function volumeXml(host: Reader, a: Args): Promise<string | undefined> {
  try {
    return await host.libvirt.volumeXml(a.pool, a.name)
  } catch {
    return undefined
  }
}

function read(source: string, domains: readonly KnownDomain[]): Volume {
  const xml = canonical(parseXml(source))
  const path = child(xml, 'target', 'path')?.text ?? ''
  return {
    path,
    capacity: BigInt(child(xml, 'capacity')?.text ?? 0),
    format: child(xml, 'target', 'format')?.attributes.type ?? 'raw',
    backing: child(xml, 'backingStore', 'path')?.text,
    users: usersOf(path, domains).map(({ running, model }) => ({
      name: model.name,
      running,
      target: model.disks.find((d) => d.source === path)?.target,
    })),
  }
}

function wantedCapacity(a: Args): bigint | undefined {
  if (a.capacity === undefined) return undefined
  const size = parseSize(a.capacity)
  if (size === undefined || size <= 0n)
    throw new ModuleFailure(`capacity '${a.capacity}' is not a size`, { hint: 'such as 20G or 512MiB' })
  return size
}

function diff(state: State, a: Args): Change[] {
  const capacity = wantedCapacity(a)
  if (state.kind === 'silent') return undecided('state', state)
  const { poolActive, volume } = state.kind === 'answer' ? state.value : { poolActive: undefined, volume: undefined }
  if (state.kind === 'answer' && poolActive === false)
    throw new ModuleFailure(`pool '${a.pool}' does not run: what is in it is not known`, {
      hint: 'libvirt_pool with state: active',
    })
  if (a.state === 'absent') return removal(volume, a)
  if (!volume) {
    if (capacity === undefined && a.backing === undefined)
      throw new ModuleFailure('a new volume needs capacity or backing')
    const note = poolActive === undefined ? `there is no pool '${a.pool}' yet` : undefined
    return [
      { path: 'state', before: 'absent', after: 'present', effect: 'now', ...(note === undefined ? {} : { note }) },
    ]
  }
  if (volume.format !== a.format)
    throw new ModuleFailure(`volume '${a.name}' is ${volume.format}, not ${a.format}; formats are not converted`)
  if (a.backing !== undefined && volume.backing !== a.backing)
    throw new ModuleFailure(`volume '${a.name}' is based on ${volume.backing ?? 'nothing'}, not on ${a.backing}`)
  if (capacity === undefined || volume.capacity === capacity) return []
  if (volume.capacity > capacity)
    throw new ModuleFailure(
      `volume '${a.name}' has ${volume.capacity} bytes, more than the ${capacity} of the task; it is never shrunk`,
    )
  return [{ path: 'capacity', before: String(volume.capacity), after: String(capacity), effect: 'now' }]
}

function removal(volume: Volume | undefined, a: Args): Change[] {
  if (!volume) return []
  if (volume.users.length > 0) {
    const names = volume.users.map((u) => u.name).join(', ')
    throw new ModuleFailure(`volume '${a.name}' is a disk of ${names}`, {
      hint: 'remove the domain, or detach the disk, first',
    })
  }
  return [{ path: 'state', before: 'present', after: 'absent', effect: 'now' }]
}

async function apply(host: Host, a: Args, state: State): Promise<undefined> {
  const { volume, poolActive } = requireAnswer(state)
  if (poolActive !== true)
    throw new ModuleFailure(`there is no active pool '${a.pool}'`, { hint: 'make it with libvirt_pool' })
  const on = [`--pool=${a.pool}`, `--vol=${a.name}`]
  const command = (what: string, argv: readonly string[], xml?: string) =>
    attempt(`${what} volume '${a.name}'`, () =>
      whenPoolIsFree(host.signal, () => host.libvirt.command(argv, xml === undefined ? {} : { xml })),
    )
  if (a.state === 'absent') await command('delete', ['vol-delete', ...on])
  else if (!volume) await command('create', ['vol-create', `--pool=${a.pool}`, '--file'], await creation(host, a))
  else await grow(host, a, volume, command)
  return undefined
}

async function creation(host: Host, a: Args): Promise<string> {
  const size = wantedCapacity(a) ?? (await backingSize(host, a))
  const backing =
    a.backing === undefined
      ? ''
      : `<backingStore><path>${escapeXml(a.backing)}</path><format type='${a.backing_format}'/></backingStore>`
  // Without an allocation of 0 a raw volume takes its whole size at once.
  return `<volume><name>${escapeXml(a.name)}</name><capacity unit='bytes'>${size}</capacity><allocation unit='bytes'>0</allocation><target><format type='${a.format}'/></target>${backing}</volume>`
}

async function backingSize(host: Host, a: Args): Promise<bigint> {
  const text = await attempt(`read the base image ${a.backing}`, () =>
    host.libvirt.query(['vol-dumpxml', `--vol=${a.backing}`]),
  )
  return BigInt(child(canonical(parseXml(text)), 'capacity')?.text ?? 0)
}

async function grow(
  host: Host,
  a: Args,
  volume: Volume,
  command: (what: string, argv: readonly string[]) => Promise<string>,
): Promise<void> {
  const size = `${wantedCapacity(a)}b`
  const running = volume.users.find((u) => u.running)
  if (!running) {
    await command('grow', ['vol-resize', `--pool=${a.pool}`, `--vol=${a.name}`, `--capacity=${size}`])
    return
  }
  if (running.target === undefined)
    throw new ModuleFailure(`volume '${a.name}' is the base of a disk of ${running.name}, which runs`)
  await attempt(`grow ${running.target} of ${running.name}`, () =>
    host.libvirt.command(['blockresize', `--domain=${running.name}`, `--path=${running.target}`, `--size=${size}`]),
  )
  await command('refresh', ['pool-refresh', `--pool=${a.pool}`])
}

export default defineState({
  name: 'libvirt_volume',
  summary: 'A volume of a storage pool: created, grown, removed.',
  description:
    'The size is a target: a volume is grown to it (while a guest runs, too), never shrunk. The formats of a volume and of its base image are always written down. A volume that a domain has as a disk is not deleted.',
  args,
  returns: {
    path: 'Path of the volume on the host.',
    capacity: 'Its virtual size in bytes.',
    format: 'qcow2 or raw.',
  },
  examples: `- name: A data disk of 20 GiB
  libvirt_volume:
    pool: images
    name: data1.qcow2
    capacity: 20G

- name: A disk on top of a base image
  libvirt_volume:
    pool: images
    name: web1.qcow2
    backing: /var/lib/libvirt/images/debian-12.qcow2
    capacity: 40G
`,
  wakes: true,
  probe,
  diff,
  apply,
  result(state) {
    const volume = state.kind === 'answer' ? state.value.volume : undefined
    return volume ? { path: volume.path, capacity: Number(volume.capacity), format: volume.format } : {}
  },
})

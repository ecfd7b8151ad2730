import { child, childrenOf } from '../../../core/libvirt/xml/element.ts'
import type { HostName } from '../../../core/module/types.ts'
import type { LintDomain, LintHost, LintImage } from './probe.ts'

export const CHECKS = [
  'duplicate_uuid',
  'duplicate_name',
  'duplicate_mac',
  'shared_disk',
  'live_base',
  'wrong_format',
  'backing_format',
  'open_screen',
] as const
export type Check = (typeof CHECKS)[number]

/** Something that is wrong in the fleet. */
export interface Finding {
  readonly check: Check
  /** `name@host` of the machines it is about. */
  readonly machines: readonly string[]
  readonly message: string
}

interface Place {
  readonly host: HostName
  readonly domain: LintDomain
  readonly state: LintHost
}

const label = ({ domain, host }: Place): string => `${domain.model.name}@${host}`

/** All that is wrong, in the order of the checks and of the hosts. */
export function findingsOf(hosts: ReadonlyMap<HostName, LintHost>, checks: readonly Check[]): Finding[] {
  const places = [...hosts].flatMap(([host, state]) => state.domains.map((domain): Place => ({ host, domain, state })))
  const all: Record<Check, () => Finding[]> = {
    duplicate_uuid: () => twice('duplicate_uuid', places, 'UUID', ({ domain }) => [domain.model.uuid]),
    duplicate_name: () => twice('duplicate_name', places, 'name', ({ domain }) => [domain.model.name]),
    duplicate_mac: () => twice('duplicate_mac', places, 'MAC', ({ domain }) => domain.model.nics.map((nic) => nic.mac)),
    shared_disk: () => twice('shared_disk', places, 'disk', diskKeys, (key) => key.split('\n')[1] ?? key),
    live_base: () => places.flatMap((place) => liveBases(place, places)),
    wrong_format: () => places.flatMap(wrongFormats),
    backing_format: () => places.flatMap(missingFormats),
    open_screen: () => places.flatMap(openScreens),
  }
  return CHECKS.filter((check) => checks.includes(check)).flatMap((check) => all[check]())
}

/** What several machines have, and only one may. The same machine, defined on two hosts and running on one, is told once, by its UUID. */
function twice(
  check: Check,
  places: readonly Place[],
  what: string,
  keysOf: (place: Place) => readonly (string | undefined)[],
  shown = (key: string): string => key,
): Finding[] {
  const owners = new Map<string, Place[]>()
  for (const place of places) {
    for (const key of new Set(keysOf(place))) {
      if (key !== undefined && key !== '') owners.set(key, [...(owners.get(key) ?? []), place])
    }
  }
  return [...owners].flatMap(([key, group]) => {
    const one = check !== 'duplicate_uuid' && new Set(group.map(({ domain }) => domain.model.uuid)).size === 1
    if (group.length < 2 || one) return []
    return [{ check, machines: group.map(label), message: `${what} ${shown(key)} is that of ${list(group)}` }]
  })
}

const list = (places: readonly Place[]): string => places.map(label).join(', ')

/** Disks that one machine alone may write. The storage stands in front: hosts have files of the same name. */
function diskKeys({ domain, state }: Place): string[] {
  return domain.model.disks.flatMap(({ source, readonly, shareable, device }) =>
    source === undefined || readonly || shareable || device !== 'disk'
      ? []
      : [`${state.storage.get(source) ?? ''}\n${source}`],
  )
}

function chain(images: readonly LintImage[], path: string): LintImage[] {
  const found: LintImage[] = []
  for (let at: string | undefined = path; at !== undefined; ) {
    const image = images.find((one) => one.path === at)
    if (!image || found.includes(image)) break
    found.push(image)
    at = image.backing
  }
  return found
}

/** Whoever writes to the base of an overlay destroys the overlay. */
function liveBases(place: Place, places: readonly Place[]): Finding[] {
  const { domain, state } = place
  return domain.model.disks.flatMap(({ source }) => {
    const bases = source === undefined ? [] : chain(state.images, source).slice(1)
    return bases.flatMap(({ path }) =>
      places
        .filter((other) => other.domain.model.uuid !== domain.model.uuid)
        .filter((other) => diskKeys(other).includes(`${state.storage.get(source ?? '') ?? ''}\n${path}`))
        .map((other) => ({
          check: 'live_base' as const,
          machines: [label(place), label(other)],
          message: `${path}, which ${source} of ${label(place)} is built on, is a disk that ${label(other)} writes to`,
        })),
    )
  })
}

/** A qcow2 image that is given to the guest as raw shows it the container's bytes, and lets it write a header of its own. */
function wrongFormats(place: Place): Finding[] {
  return place.domain.model.disks.flatMap(({ source, format, target }) => {
    const image = place.state.images.find(({ path }) => path === source)
    if (!image || format === undefined || image.format === format) return []
    // Anything may be raw: that qemu-img sees no header says nothing against another format only where it is one.
    return [
      {
        check: 'wrong_format' as const,
        machines: [label(place)],
        message: `disk ${target} of ${label(place)} is ${image.format} and is given as ${format}: ${source}`,
      },
    ]
  })
}

/** Without the format of what is below, QEMU guesses it from bytes that a guest may have written. */
function missingFormats(place: Place): Finding[] {
  return place.domain.model.disks.flatMap(({ source }) =>
    (source === undefined ? [] : chain(place.state.images, source))
      .filter(({ backing, backingFormat }) => backing !== undefined && backingFormat === undefined)
      .map(({ path, backing }) => ({
        check: 'backing_format' as const,
        machines: [label(place)],
        message: `${path} of ${label(place)} does not say which format ${backing} has`,
      })),
  )
}

/** A screen that every address of the host shows, without a password. */
function openScreens(place: Place): Finding[] {
  return childrenOf(child(place.domain.model.xml, 'devices'), 'graphics').flatMap((graphics) => {
    const { type = '', passwd, listen } = graphics.attributes
    const address = child(graphics, 'listen')?.attributes.address ?? listen
    if ((type !== 'vnc' && type !== 'spice') || passwd !== undefined || !isEverywhere(address)) return []
    return [
      {
        check: 'open_screen' as const,
        machines: [label(place)],
        message: `${type} of ${label(place)} listens on ${address} without a password`,
      },
    ]
  })
}

const isEverywhere = (address: string | undefined): boolean => address === '0.0.0.0' || address === '::'

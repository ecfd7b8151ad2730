import type { ImageUsers } from '../../../core/libvirt/images/users.ts'

/** A VM that is to be removed, and the files that were made for it. */
export interface Doomed {
  readonly name: string
  readonly files: readonly string[]
}

/** What cannot go, and for whose sake. */
export interface Needed {
  readonly file: string
  /** A domain, or an image on top of the file. */
  readonly by: string
  /** What may be on top of it, for all that can be told: it cannot be looked into. */
  readonly isDoubtful: boolean
}

/** What becomes of VMs that are to be removed together. */
export interface Removal {
  /** Those that stay, as others need their files. */
  readonly needed: ReadonlyMap<string, Needed>
  /** Of those that go, which have to be gone before, as they need its files. */
  readonly after: ReadonlyMap<string, readonly string[]>
}

/** Pure. One that stays needs its own files, and so what they are on top of; those that need one another's files stay. */
export function neededAmong(doomed: readonly Doomed[], users: ReadonlyMap<string, ImageUsers>): Removal {
  const needed = new Map<string, Needed>()
  for (let before = -1; before !== needed.size; ) {
    before = needed.size
    const going = doomed.filter((one) => !needed.has(one.name))
    const names = new Set(going.map((one) => one.name))
    const files = new Set(going.flatMap((one) => one.files.flatMap(withPart)))
    for (const { name, files: own } of going) {
      for (const file of own) {
        const { domains = [], overlays = [], unknown = [], closed = [] } = users.get(file) ?? {}
        const sure = domains.find((one) => !names.has(one)) ?? overlays.find((one) => !files.has(one))
        const by = sure ?? [...unknown, ...closed].find((one) => !files.has(one))
        if (by !== undefined && !needed.has(name)) needed.set(name, { file, by, isDoubtful: sure === undefined })
      }
    }
    // An order in which all can go; what is left when there is none needs one another.
    if (before === needed.size) for (const [name, why] of circular(going, users)) needed.set(name, why)
  }
  const going = doomed.filter((one) => !needed.has(one.name))
  return { needed, after: new Map(going.map((one) => [one.name, [...usersAmong(one, going, users).keys()]])) }
}

/** One whose making was cut may be no image yet. */
const withPart = (file: string): string[] => [file, `${file}.part`]

/** Which of the others need its files, and one file that each needs. */
function usersAmong(
  { name, files }: Doomed,
  going: readonly Doomed[],
  users: ReadonlyMap<string, ImageUsers>,
): Map<string, string> {
  const found = new Map<string, string>()
  for (const other of going) {
    if (other.name === name) continue
    const own = new Set(other.files.flatMap(withPart))
    const file = files.find((one) => {
      const { domains = [], overlays = [] } = users.get(one) ?? {}
      return domains.includes(other.name) || overlays.some((image) => own.has(image))
    })
    if (file !== undefined) found.set(other.name, file)
  }
  return found
}

function circular(going: readonly Doomed[], users: ReadonlyMap<string, ImageUsers>): Map<string, Needed> {
  const left = new Map(going.map((one) => [one.name, usersAmong(one, going, users)]))
  for (let before = -1; before !== left.size; ) {
    before = left.size
    for (const [name, by] of left) if ([...by.keys()].every((other) => !left.has(other))) left.delete(name)
  }
  const stays = [...left].map(([name, by]): [string, Needed] => {
    const [other = '', file = ''] = [...by].find(([one]) => left.has(one)) ?? []
    return [name, { file, by: other, isDoubtful: false }]
  })
  return new Map(stays)
}

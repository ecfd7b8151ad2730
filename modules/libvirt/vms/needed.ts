import type { ImageUsers } from '../image/users.ts'

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

/** Those of the VMs whose files others need: a linked clone, say. One that stays needs its own files, and so what they are on top of. */
export function neededAmong(doomed: readonly Doomed[], users: ReadonlyMap<string, ImageUsers>): Map<string, Needed> {
  const needed = new Map<string, Needed>()
  for (let before = -1; before !== needed.size; ) {
    before = needed.size
    const going = doomed.filter((one) => !needed.has(one.name))
    const names = new Set(going.map((one) => one.name))
    // One whose making was cut may be no image yet.
    const files = new Set(going.flatMap((one) => one.files.flatMap((file) => [file, `${file}.part`])))
    for (const { name, files: own } of going) {
      for (const file of own) {
        const { domains = [], overlays = [], unknown = [] } = users.get(file) ?? {}
        const sure = domains.find((one) => !names.has(one)) ?? overlays.find((one) => !files.has(one))
        const by = sure ?? unknown.find((one) => !files.has(one))
        if (by !== undefined && !needed.has(name)) needed.set(name, { file, by, isDoubtful: sure === undefined })
      }
    }
  }
  return needed
}

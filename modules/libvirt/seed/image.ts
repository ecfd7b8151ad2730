import { endOfDescriptors, PATH_TABLE_SIZE, pathTable, type Tree, volumeDescriptor } from './descriptors.ts'
import { SECTOR, sectorsOf, toSectors, ucs2 } from './fields.ts'
import { type FolderEntry, folderContent } from './folder.ts'
import { level1Names, nameProblem } from './names.ts'
import { ridgeOfFile, ridgeOfParent, ridgeOfRoot } from './rock-ridge.ts'

/** A file of a CD. */
export interface SeedFile {
  readonly name: string
  readonly content: Buffer
}

/** Descriptors stand behind 16 unused sectors: primary, Joliet, end. Two path tables of each tree follow. */
const FIRST = { primary: 16, joliet: 17, end: 18, tables: 19, root: 23 }

/** A seed is small; what is large is no seed. */
const MOST_BYTES = 64 * 1024 * 1024
const LABEL = /^[A-Za-z0-9_]{1,16}$/

/**
 * A CD with these files in its root: ISO 9660 level 1 with Rock Ridge, and Joliet. The same files and label are the same bytes: dates
 * are fixed, and the order of the files does not count. Throws RangeError for a name or a label that not every reader takes, a name
 * given twice, and more than 64 MiB.
 */
export function seedImage(label: string, files: readonly SeedFile[]): Buffer {
  if (!LABEL.test(label)) throw new RangeError(`'${label}' is no label: up to 16 letters, digits and _`)
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const [i, { name }] of sorted.entries()) {
    const problem = nameProblem(name)
    if (problem !== undefined) throw new RangeError(`'${name}': ${problem}`)
    if (sorted[i + 1]?.name === name) throw new RangeError(`'${name}' is there twice`)
  }
  if (sorted.reduce((sum, { content }) => sum + content.length, 0) > MOST_BYTES)
    throw new RangeError('a seed has at most 64 MiB')
  const short = level1Names(sorted.map((file) => file.name))
  return assemble(
    label,
    sorted.map((file, i) => ({ ...file, short: short[i]! })),
  )
}

type Named = SeedFile & { readonly short: string }

function assemble(label: string, files: readonly Named[]): Buffer {
  // The size of a folder does not depend on where things are.
  const sizes = [false, true].map((joliet) => folder(joliet, files, { sector: 0, size: 0 }, new Map()).length) as [
    number,
    number,
  ]
  const roots = [
    { sector: FIRST.root, size: sizes[0] },
    { sector: FIRST.root + sectorsOf(sizes[0]), size: sizes[1] },
  ] as const
  let next = roots[1].sector + sectorsOf(sizes[1])
  const places = new Map<string, number>()
  for (const { name, content } of files) {
    // A file without content has no place of its own.
    places.set(name, content.length === 0 ? 0 : next)
    next += sectorsOf(content.length)
  }
  const tree = (joliet: boolean): Tree => {
    const first = FIRST.tables + (joliet ? 2 : 0)
    const root = roots[joliet ? 1 : 0]
    return { joliet, label, sectors: next, root, pathTable: { little: first, big: first + 1 } }
  }
  const tables = roots.flatMap(({ sector }) => [pathTable(sector, 'little'), pathTable(sector, 'big')])
  return Buffer.concat([
    Buffer.alloc(FIRST.primary * SECTOR),
    volumeDescriptor(tree(false)),
    volumeDescriptor(tree(true)),
    endOfDescriptors(),
    ...tables.map((table) => Buffer.concat([table], Math.max(SECTOR, PATH_TABLE_SIZE))),
    folder(false, files, roots[0], places),
    folder(true, files, roots[1], places),
    ...files.map(({ content }) => toSectors(content)),
  ])
}

/** The root of one tree, in the order of its own names. */
function folder(
  joliet: boolean,
  files: readonly Named[],
  root: { sector: number; size: number },
  places: ReadonlyMap<string, number>,
): Buffer {
  const extra = (ridge: Buffer): { extra?: Buffer } => (joliet ? {} : { extra: ridge })
  const own: FolderEntry[] = [
    { name: Buffer.from([0]), folder: true, ...root, ...extra(ridgeOfRoot()) },
    { name: Buffer.from([1]), folder: true, ...root, ...extra(ridgeOfParent()) },
  ]
  const rest = files.map(
    ({ name, short, content }): FolderEntry => ({
      name: joliet ? ucs2(name) : Buffer.from(short, 'latin1'),
      folder: false,
      sector: places.get(name) ?? 0,
      size: content.length,
      ...extra(ridgeOfFile(name)),
    }),
  )
  return folderContent([...own, ...rest.sort((a, b) => Buffer.compare(a.name, b.name))])
}

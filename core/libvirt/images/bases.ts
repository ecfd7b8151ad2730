import { dirname, resolve } from 'node:path'

/** Files of the host that an image says it is on top of, absolute; undefined where what qemu-img said is not understood. */
export function basesIn(text: string, path: string): string[] | undefined {
  let info: unknown
  try {
    info = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof info !== 'object' || info === null) return undefined
  const named = ['full-backing-filename', 'backing-filename']
    .map((key) => (info as Record<string, unknown>)[key])
    .filter((name): name is string => typeof name === 'string')
    .map((name) => filesNamed(name, path))
  if (named.some((files) => files === undefined)) return undefined
  return [...new Set(named.flatMap((files) => files ?? []))]
}

/** A path, or the paths in QEMU's pseudo-protocol json:{…}, which may hide any file where it names none. */
function filesNamed(name: string, path: string): string[] | undefined {
  const plain = name.replace(/^file:/, '')
  if (!plain.startsWith('json:')) return [resolve(dirname(path), plain)]
  const files = [...plain.matchAll(/"(?:file\.)?filename":\s*"((?:[^"\\]|\\.)*)"/g)].map((match) => {
    try {
      return resolve(dirname(path), JSON.parse(`"${match[1] ?? ''}"`) as string)
    } catch {
      return undefined
    }
  })
  return files.length === 0 || files.includes(undefined) ? undefined : files.filter((file) => file !== undefined)
}

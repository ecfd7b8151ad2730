import { ModuleFailure } from '../../../core/module/types.ts'
import { URL_OF_HOST } from './args.ts'

/** Checksum of an image. */
export interface ImageDigest {
  readonly algorithm: Algorithm
  /** Lower-case hexadecimal. */
  readonly hex: string
}

export type Algorithm = 'sha256' | 'sha512'

const LENGTHS: Readonly<Record<Algorithm, number>> = { sha256: 64, sha512: 128 }
const isAlgorithm = (text: string): text is Algorithm => Object.hasOwn(LENGTHS, text)

/** `sha256:…` as the task gives it: a checksum, or the URL of a list of them. Raises ModuleFailure. */
export function declaredDigest(text: string): ImageDigest | { readonly algorithm: Algorithm; readonly list: string } {
  const colon = text.indexOf(':')
  const algorithm = text.slice(0, colon).toLowerCase()
  const rest = text.slice(colon + 1).trim()
  if (!isAlgorithm(algorithm))
    throw new ModuleFailure(`checksum '${text}' is of no kind that is taken`, { hint: 'sha256:… or sha512:…' })
  if (URL_OF_HOST.test(rest)) return { algorithm, list: rest }
  if (rest.length !== LENGTHS[algorithm] || !/^[0-9a-f]+$/i.test(rest))
    throw new ModuleFailure(`checksum '${text}' is not a ${algorithm}`, {
      hint: `${LENGTHS[algorithm]} hexadecimal digits, or the URL of a list of checksums`,
    })
  return { algorithm, hex: rest.toLowerCase() }
}

/**
 * The checksum of a file in a list: `HEX  NAME`, `HEX *NAME`, `SHA256 (NAME) = HEX`, or the checksum alone. Undefined where it is
 * not there; raises ModuleFailure where it is there twice and not the same.
 */
export function digestInList(list: string, name: string, algorithm: Algorithm): string | undefined {
  const hex = `[0-9a-fA-F]{${LENGTHS[algorithm]}}`
  const found = new Set<string>()
  const lines = list.split(/\r?\n/).filter((line) => line.trim() !== '')
  for (const line of lines) {
    const coreutils = new RegExp(`^\\\\?(${hex})\\s+\\*?(.+?)\\s*$`).exec(line)
    const bsd = new RegExp(`^${algorithm}\\s*\\((.+)\\)\\s*=\\s*(${hex})\\s*$`, 'i').exec(line)
    const [file, value] = coreutils ? [coreutils[2], coreutils[1]] : [bsd?.[1], bsd?.[2]]
    if (file !== undefined && value !== undefined && baseName(file) === name) found.add(value.toLowerCase())
  }
  if (found.size > 1) throw new ModuleFailure(`the list has several checksums of ${name}`)
  if (found.size === 0 && lines.length === 1 && new RegExp(`^\\s*${hex}\\s*$`).test(lines[0] ?? ''))
    return lines[0]?.trim().toLowerCase()
  return [...found][0]
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Name of the file that a URL is of, without its query. */
export const nameInUrl = (url: string): string => decodeURIComponentSafely(baseName(url.replace(/[?#].*$/, '')))

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

import { randomInt } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'
import { MersenneTwister } from '../filters/mersenne.ts'
import { expandUser } from '../filters/path.ts'
import { cryptPassword, randomSalt } from '../filters/sha-crypt.ts'
import { iterate, PythonError, str } from '../python/index.ts'
import type { CallContext, LookupFunction } from '../types.ts'
import type { Value } from '../values.ts'
import { inlineOptions, type Options } from './table.ts'

const classes: Record<string, string> = {
  ascii_lowercase: 'abcdefghijklmnopqrstuvwxyz',
  ascii_uppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ascii_letters: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ',
  digits: '0123456789',
  hexdigits: '0123456789abcdefABCDEF',
  octdigits: '01234567',
  punctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
}

function alphabet(value: Value): string {
  const parts =
    typeof value === 'string'
      ? value
          .replaceAll(',,', ',\0')
          .split(',')
          .map((p) => p.replace('\0', ','))
      : iterate(value).map(str)
  const all = parts
    .filter((p) => p !== '')
    .map((p) => (Object.hasOwn(classes, p) ? (classes[p] ?? '') : p))
    .join('')
  return [...new Set(all)].join('')
}

function generate(chars: string, length: number, seed: Value | undefined): string {
  const all = Array.from(chars)
  const twister = seed === undefined ? undefined : new MersenneTwister(str(seed))
  return Array.from({ length }, () => all[twister ? twister.below(all.length) : randomInt(all.length)]).join('')
}

interface Stored {
  password: string
  salt: string | undefined
}

function parseStored(text: string): Stored {
  const m = /^(.*?)(?: salt=(\S+))?(?: ident=\S+)?$/s.exec(text.trimEnd())
  return { password: m?.[1] ?? '', salt: m?.[2] }
}

/**
 * The password in the file, made when it is not there; several at once agree on one, for the file is created exclusively.
 * Kept with mode 0600. `/dev/null` keeps nothing.
 */
async function stored(path: string, fresh: Stored): Promise<Stored> {
  if (path === '/dev/null') return fresh
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const text = `${fresh.password}${fresh.salt === undefined ? '' : ` salt=${fresh.salt}`}\n`
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(text)
    await file.close()
    return fresh
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return parseStored(await readFile(path, 'utf8'))
  }
}

async function one(term: string, kwargs: Options, context: CallContext): Promise<string> {
  const { name, options } = inlineOptions(term)
  const get = (key: string): Value | undefined => kwargs.get(key) ?? options.get(key)
  const length = Number(str(get('length') ?? 20))
  const chars = alphabet(get('chars') ?? 'ascii_letters,digits,.:-_')
  if (!Number.isInteger(length) || length < 1 || length > 10_000)
    throw new PythonError('FilterError', `password: bad length ${length}`)
  if (chars === '') throw new PythonError('FilterError', 'password: no characters to choose from')
  const encrypt = get('encrypt')
  const fresh = {
    password: generate(chars, length, get('seed')),
    salt: encrypt === undefined ? undefined : randomSalt(16),
  }
  const path = expandUser(name)
  const file = isAbsolute(path) ? path : resolve(context.scope.environment.folders[0] ?? '.', path)
  const { password, salt } = await stored(file, fresh)
  if (encrypt === undefined || encrypt === null) return password
  return cryptPassword(password, str(encrypt).replace('_crypt', ''), {
    salt: salt ?? randomSalt(16),
    size: undefined,
    rounds: undefined,
  })
}

/** A password kept in a file of the controller's. */
export const password: LookupFunction = (terms, kwargs, context) =>
  Promise.all(terms.map((t) => one(str(t), kwargs, context)))

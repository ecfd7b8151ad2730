import { createHash, getHashes } from 'node:crypto'
import { PythonError, str } from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import type { Value } from '../values.ts'
import { text } from './options.ts'
import { cryptPassword } from './sha-crypt.ts'
import { filterTable } from './table.ts'

function digest(algorithm: string, data: string): string {
  const name = algorithm.toLowerCase().replace(/^sha3_/, 'sha3-')
  if (!getHashes().includes(name)) throw new PythonError('FilterError', `unknown hash '${algorithm}'`)
  return createHash(name).update(data, 'utf8').digest('hex')
}

const ansibleNamespace = '361E6D51-FAEC-444A-9079-341386DA8E2E'

/** UUIDv5 of a name in a namespace. */
export function uuid5(name: string, namespace: string): string {
  const hex = namespace.replaceAll('-', '')
  if (!/^[0-9a-fA-F]{32}$/.test(hex))
    throw new PythonError(
      'FilterError',
      `Invalid value '${namespace}' for 'namespace': badly formed hexadecimal UUID string`,
    )
  const bytes = createHash('sha1').update(Buffer.from(hex, 'hex')).update(name, 'utf8').digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function encoding(value: Value | undefined): BufferEncoding {
  const name = text(value, 'utf-8').toLowerCase()
  const known: Record<string, BufferEncoding> = {
    'utf-8': 'utf8',
    utf8: 'utf8',
    'utf-16-le': 'utf16le',
    'utf-16le': 'utf16le',
    ascii: 'utf8',
    latin1: 'latin1',
    'latin-1': 'latin1',
    'iso-8859-1': 'latin1',
  }
  const found = known[name]
  if (!found) throw new PythonError('FilterError', `unknown encoding: ${name}`)
  return found
}

/** Hashes and encodings. */
export const hashFilters: [string, FilterFunction][] = filterTable({
  'hash hashtype?': (v, [type]) => digest(text(type, 'sha1'), str(v)),
  md5: (v) => digest('md5', str(v)),
  sha1: (v) => digest('sha1', str(v)),
  checksum: (v) => digest('sha1', str(v)),
  'b64encode encoding?': (v, [e]) => Buffer.from(str(v), encoding(e)).toString('base64'),
  'b64decode encoding?': (v, [e]) => Buffer.from(str(v), 'base64').toString(encoding(e)),
  'to_uuid namespace?': (v, [namespace]) => uuid5(str(v), text(namespace, ansibleNamespace)),
  'password_hash hashtype? salt? salt_size? rounds? ident?': (v, [type, salt, size, rounds]) =>
    cryptPassword(str(v), text(type, 'sha512'), {
      salt: salt === undefined || salt === null ? undefined : str(salt),
      size: size === undefined || size === null ? undefined : Number(str(size)),
      rounds: rounds === undefined || rounds === null ? undefined : Number(str(rounds)),
    }),
})

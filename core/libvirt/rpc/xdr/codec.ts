import { MalformedPacket } from './malformed.ts'
import type { XdrReader } from './reader.ts'
import type { XdrWriter } from './writer.ts'

/*
 * Layouts as values: a structure is a list of named fields, and from it come its type, its writer and its reader.
 */

/** How one type looks on the wire. */
export interface Codec<T> {
  /** The fewest bytes of a value: what bounds a list's length by what is left of the packet. */
  readonly least: number
  write(to: XdrWriter, value: T): void
  read(from: XdrReader): T
}

/** The type that a codec carries. */
export type Of<C> = C extends Codec<infer T> ? T : never

export const int: Codec<number> = { least: 4, write: (to, v) => to.int(v), read: (from) => from.int() }
export const uint: Codec<number> = { least: 4, write: (to, v) => to.uint(v), read: (from) => from.uint() }
export const hyper: Codec<bigint> = { least: 8, write: (to, v) => to.hyper(v), read: (from) => from.hyper() }
export const uhyper: Codec<bigint> = { least: 8, write: (to, v) => to.uhyper(v), read: (from) => from.uhyper() }
export const double: Codec<number> = { least: 8, write: (to, v) => to.double(v), read: (from) => from.double() }
/** A C `int` that is 0 or 1; libvirt's own way of a boolean. */
export const flag: Codec<boolean> = { least: 4, write: (to, v) => to.int(v ? 1 : 0), read: (from) => from.int() !== 0 }

/** UTF-8 of at most so many bytes. */
export function string(most: number): Codec<string> {
  return {
    least: 4,
    write(to, value) {
      // libvirt's strings are C's: what is behind the NUL would be gone, and the name another one.
      if (value.includes('\0')) throw new RangeError('a NUL byte cannot be passed to libvirt')
      to.text(value, most)
    },
    read: (from) => from.opaque(most).toString('utf8'),
  }
}

export function opaque(most: number): Codec<Uint8Array> {
  return { least: 4, write: (to, value) => to.opaque(value, most), read: (from) => Buffer.from(from.opaque(most)) }
}

/** Bytes whose length both sides know. */
export function fixed(length: number): Codec<Uint8Array> {
  return {
    least: length,
    write(to, value) {
      if (value.length !== length) throw new RangeError(`${length} bytes are needed, not ${value.length}`)
      to.fixed(value)
    },
    read: (from) => Buffer.from(from.fixed(length)),
  }
}

/** C's `char name[n]`, each character in a unit of its own, ended by a NUL. */
export function characters(length: number): Codec<string> {
  return {
    least: 4 * length,
    write(to, value) {
      const bytes = Buffer.from(value, 'utf8')
      for (let i = 0; i < length; i++) to.int(bytes[i] ?? 0)
    },
    read(from) {
      const bytes = Buffer.from(Array.from({ length }, () => from.int() & 0xff))
      const end = bytes.indexOf(0)
      return bytes.subarray(0, end < 0 ? length : end).toString('utf8')
    },
  }
}

/** XDR's pointer: there or not. */
export function optional<T>(inner: Codec<T>): Codec<T | undefined> {
  return {
    least: 4,
    write(to, value) {
      to.uint(value === undefined ? 0 : 1)
      if (value !== undefined) inner.write(to, value)
    },
    read: (from) => (from.bool() ? inner.read(from) : undefined),
  }
}

export function list<T>(inner: Codec<T>, most: number): Codec<readonly T[]> {
  return {
    least: 4,
    write(to, values) {
      to.length(values.length, most)
      for (const value of values) inner.write(to, value)
    },
    read: (from) => Array.from({ length: from.length(most, inner.least) }, () => inner.read(from)),
  }
}

type Fields = Readonly<Record<string, Codec<unknown>>>
type Structure<F extends Fields> = { readonly [K in keyof F]: Of<F[K]> }

/** Fields in the order of their names here. */
export function struct<F extends Fields>(fields: F): Codec<Structure<F>> {
  const entries = Object.entries(fields)
  return {
    least: entries.reduce((sum, [, codec]) => sum + codec.least, 0),
    write(to, value) {
      for (const [name, codec] of entries) codec.write(to, value[name])
    },
    read(from) {
      const value: Record<string, unknown> = {}
      for (const [name, codec] of entries) value[name] = codec.read(from)
      return value as Structure<F>
    },
  }
}

export const nothing: Codec<undefined> = { least: 0, write: () => undefined, read: () => undefined }

/** A number first, which says what follows. */
export function choice<T>(cases: ReadonlyMap<number, Codec<T>>): Codec<{ readonly type: number; readonly value: T }> {
  const codecOf = (type: number): Codec<T> => {
    const codec = cases.get(type)
    if (!codec) throw new MalformedPacket(`there is no type ${type}`)
    return codec
  }
  return {
    least: 4 + Math.min(...[...cases.values()].map((c) => c.least)),
    write(to, { type, value }) {
      to.int(type)
      codecOf(type).write(to, value)
    },
    read(from) {
      const type = from.int()
      return { type, value: codecOf(type).read(from) }
    },
  }
}

import type { Tuple, Value } from '../../values.ts'
import { asIndex } from '../convert.ts'
import { equals } from '../equality.ts'
import { PythonError, typeError, valueError } from '../error.ts'
import { sorted } from '../order.ts'
import { iterate } from '../sequence.ts'
import { repr } from '../text.ts'
import { truth } from '../truth.ts'
import { methodTable } from './table.ts'

function indexOf(items: readonly Value[], wanted: Value, start?: Value, stop?: Value): number {
  const clamp = (v: Value | undefined, otherwise: number): number => {
    if (v === undefined) return otherwise
    const n = asIndex(v)
    return n < 0 ? Math.max(0, n + items.length) : n
  }
  const end = Math.min(clamp(stop, items.length), items.length)
  for (let i = clamp(start, 0); i < end; i++) if (equals(items[i] ?? null, wanted)) return i
  return -1
}

function count(items: readonly Value[], wanted: Value): number {
  return items.filter((x) => equals(x, wanted)).length
}

function found(at: number, message: string): number {
  if (at < 0) throw valueError(message)
  return at
}

export const tupleMethods = methodTable<Tuple>({
  'count value': ({ items }, [value]) => count(items, value ?? null),
  'index value start? stop?': ({ items }, [value, start, stop]) =>
    found(indexOf(items, value ?? null, start, stop), 'tuple.index(x): x not in tuple'),
})

export const listMethods = methodTable<Value[]>({
  'append value': (l, [value]) => {
    l.push(value ?? null)
    return null
  },
  clear: (l) => {
    l.length = 0
    return null
  },
  copy: (l) => [...l],
  'count value': (l, [value]) => count(l, value ?? null),
  'extend values': (l, [values]) => {
    for (const value of [...iterate(values ?? null)]) l.push(value)
    return null
  },
  'index value start? stop?': (l, [value, start, stop]) =>
    found(indexOf(l, value ?? null, start, stop), `${repr(value ?? null)} is not in list`),
  'insert index value': (l, [index, value]) => {
    l.splice(asIndex(index ?? null), 0, value ?? null)
    return null
  },
  'pop index?': (l, [index]) => {
    const at = index === undefined ? -1 : asIndex(index)
    if (l.length === 0) throw new PythonError('IndexError', 'pop from empty list')
    const [item] = l.splice(at < 0 ? at + l.length : at, at + l.length < 0 ? 0 : 1)
    if (item === undefined) throw new PythonError('IndexError', 'pop index out of range')
    return item
  },
  'remove value': (l, [value]) => {
    l.splice(found(indexOf(l, value ?? null), 'list.remove(x): x not in list'), 1)
    return null
  },
  reverse: (l) => {
    l.reverse()
    return null
  },
  'sort key? reverse?': (l, [key, reverse]) => {
    if (key !== undefined && key !== null)
      throw typeError('sort() takes no key here: use the filter sort(attribute=...)')
    l.splice(0, l.length, ...sorted(l, (x) => x, reverse !== undefined && truth(reverse)))
    return null
  },
})

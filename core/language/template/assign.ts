import { Namespace } from '../globals/namespace.ts'
import { PythonError, typeError } from '../python/error.ts'
import { iterate } from '../python/sequence.ts'
import type { Value } from '../values.ts'
import type { Frame } from './frame.ts'
import type { Runtime } from './runtime.ts'
import type { Target } from './tree.ts'

/** Writes a value to a name, an attribute of a namespace, or its items to several of them. */
export function assign(rt: Runtime, frame: Frame, target: Target, value: Value): void {
  switch (target.kind) {
    case 'name':
      frame.set(target.name, value)
      return
    case 'field': {
      rt.at = target.at
      const object = rt.name(target.name)
      if (!(object instanceof Namespace)) throw typeError('cannot assign attribute on non-namespace object')
      object.set(target.field, value)
      return
    }
    case 'targets': {
      rt.at = target.at
      const values = iterate(value)
      const wanted = target.items.length
      if (values.length > wanted) throw new PythonError('ValueError', `too many values to unpack (expected ${wanted})`)
      if (values.length < wanted) {
        throw new PythonError('ValueError', `not enough values to unpack (expected ${wanted}, got ${values.length})`)
      }
      for (const [i, item] of target.items.entries()) assign(rt, frame, item, rt.touch(values[i]!))
    }
  }
}

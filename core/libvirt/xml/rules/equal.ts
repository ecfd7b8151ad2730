import { sameMachine } from '../machine.ts'
import type { EqualRule } from './types.ts'

export const equals: readonly EqualRule[] = [
  { kind: 'equal', name: 'machine alias', at: ['os/type@machine'], same: sameMachine },
]

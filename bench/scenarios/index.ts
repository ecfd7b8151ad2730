import type { Scenario } from '../scenario.ts'
import { batch } from './batch.ts'
import { change20 } from './change20.ts'
import { coldstart } from './coldstart.ts'
import { copy } from './copy.ts'
import { distance } from './distance.ts'
import { facts } from './facts.ts'
import { hosts20 } from './hosts20.ts'
import { hosts200 } from './hosts200.ts'
import { hosts1000 } from './hosts1000.ts'
import { interrupt } from './interrupt.ts'
import { libvirt } from './libvirt.ts'
import { simulation10000 } from './simulation10000.ts'

/** In the order in which they are run and reported. */
export const SCENARIOS: readonly Scenario[] = [
  coldstart,
  libvirt,
  batch,
  hosts20,
  change20,
  hosts200,
  distance,
  facts,
  interrupt,
  hosts1000,
  simulation10000,
  copy,
]

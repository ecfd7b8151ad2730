import type { Scenario } from '../scenario.ts'
import { change20 } from './change20.ts'
import { coldstart } from './coldstart.ts'
import { distance } from './distance.ts'
import { hosts20 } from './hosts20.ts'
import { hosts200 } from './hosts200.ts'

/** In the order in which they are run and reported. */
export const SCENARIOS: readonly Scenario[] = [coldstart, hosts20, change20, hosts200, distance]

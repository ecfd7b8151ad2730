import type { Bar } from './chart.ts'
import type { Farm, FarmOptions } from './farm/farm.ts'
import type { Figures } from './names.ts'

/** What a scenario may use. */
export interface Bench {
  /** Fewer rounds and smaller sizes: everything in under three minutes. */
  readonly quick: boolean
  /** Folder of a Debian root with a newer ansible-core, if there is one. */
  readonly newerAnsible: string | undefined
  /** A farm that ends with the scenario. */
  farm(options: FarmOptions): Promise<Farm>
  /** A word on what happens, for who waits. */
  say(text: string): void
}

/** What a scenario found. */
export interface Finding {
  readonly figures: Figures
  readonly charts?: readonly { readonly title: string; readonly unit: string; readonly bars: readonly Bar[] }[]
  /** What the reader must know to judge the figures: how many rounds, what was left out. */
  readonly notes: readonly string[]
}

/** One measurement with its peers: a file in scenarios/, a line in its index. */
export interface Scenario {
  /** As on the command line. */
  readonly name: string
  readonly summary: string
  /** Not run by `--quick` unless named. */
  readonly fullOnly?: boolean
  /** Debian packages it needs. */
  readonly packages: readonly string[]
  run(bench: Bench): Promise<Finding>
}

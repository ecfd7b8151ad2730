import { type Measured, measure } from './measure.ts'
import type { Job, Peer } from './peers/peer.ts'
import type { Bench } from './scenario.ts'

/** A peer, and in how many of the rounds it takes part: slow ones in fewer. */
export interface Entrant {
  readonly peer: Peer
  readonly rounds: number
}

/** Each peer's runs in order of the rounds. */
export type Rounds = ReadonlyMap<string, readonly Measured[]>

/** Runs the peers in turn, round after round, `before` ahead of each run. */
export async function rounds(
  bench: Bench,
  job: Job,
  entrants: readonly Entrant[],
  before: () => void = () => undefined,
): Promise<Rounds> {
  const measured = new Map<string, Measured[]>(entrants.map(({ peer }) => [peer.name, []]))
  const most = Math.max(...entrants.map((entrant) => entrant.rounds))
  for (let round = 0; round < most; round++) {
    for (const { peer, rounds: wanted } of entrants) {
      if (round >= wanted) continue
      before()
      const done = await measure(peer.command(job))
      bench.say(`${job.hosts} hosts, round ${round + 1}: ${peer.name} ${Math.round(done.wallMs)} ms`)
      measured.get(peer.name)?.push(done)
    }
  }
  return measured
}

/** Wall times of one peer, in milliseconds. */
export function times(measured: Rounds, peer: Peer): number[] {
  return (measured.get(peer.name) ?? []).map((one) => one.wallMs)
}

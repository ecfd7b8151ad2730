import type { HostStats } from '../events/types.ts'

type Counter = keyof HostStats

/** Counters of a run. Every result of a host counts once, and besides as `changed` or `ignored` where it is that too. */
export class Stats {
  readonly #hosts = new Map<string, HostStats>()
  readonly #undecided = new Map<string, number>()

  count(host: string, ...counters: readonly Counter[]): void {
    const stats = this.#of(host)
    for (const counter of counters) stats[counter]++
  }

  undecided(host: string): void {
    this.#of(host)
    this.#undecided.set(host, (this.#undecided.get(host) ?? 0) + 1)
  }

  #of(host: string): HostStats {
    let stats = this.#hosts.get(host)
    if (!stats) {
      stats = { ok: 0, changed: 0, failed: 0, unreachable: 0, skipped: 0, rescued: 0, ignored: 0 }
      this.#hosts.set(host, stats)
    }
    return stats
  }

  /** By host name, in alphabetical order as Ansible's recap. */
  toJson(): Record<string, HostStats> {
    return Object.fromEntries(
      [...this.#hosts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([host, s]) => [host, { ...s }]),
    )
  }

  undecidedToJson(): Record<string, number> {
    return Object.fromEntries([...this.#undecided].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

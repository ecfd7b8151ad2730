/** Which hosts notified which name, in the order in which they did. */
export class Notifications {
  readonly #hosts = new Map<string, Set<string>>()

  add(name: string, host: string): void {
    const hosts = this.#hosts.get(name) ?? new Set()
    hosts.add(host)
    this.#hosts.set(name, hosts)
  }

  /** Takes the hosts that notified one of these names; they are forgotten. */
  take(names: readonly string[], keep: (host: string) => boolean): Set<string> {
    const taken = new Set<string>()
    for (const name of names) {
      const hosts = this.#hosts.get(name)
      if (!hosts) continue
      for (const host of [...hosts]) {
        if (!keep(host)) continue
        hosts.delete(host)
        taken.add(host)
      }
      if (hosts.size === 0) this.#hosts.delete(name)
    }
    return taken
  }

  get isEmpty(): boolean {
    return this.#hosts.size === 0
  }

  /** Names that nobody answered to yet, each with its hosts. */
  left(): { name: string; hosts: string[] }[] {
    return [...this.#hosts].map(([name, hosts]) => ({ name, hosts: [...hosts] }))
  }
}

/** Which hosts notified which name, in the order in which they did. */
export class Notifications {
  /** By name, then host: in check mode the undecided task by which alone it was notified. */
  readonly #hosts = new Map<string, Map<string, string | undefined>>()

  /** `maybe` is the task that notifies if it changes anything, which is not decided. */
  add(name: string, host: string, maybe?: string): void {
    const hosts = this.#hosts.get(name) ?? new Map<string, string | undefined>()
    if (maybe === undefined || !hosts.has(host)) hosts.set(host, maybe)
    this.#hosts.set(name, hosts)
  }

  /** Takes the hosts that notified a name, each with the undecided task if there is one; they are forgotten. */
  take(name: string, keep: (host: string) => boolean): Map<string, string | undefined> {
    const taken = new Map<string, string | undefined>()
    const hosts = this.#hosts.get(name)
    if (!hosts) return taken
    for (const [host, maybe] of [...hosts]) {
      if (!keep(host)) continue
      hosts.delete(host)
      taken.set(host, maybe)
    }
    if (hosts.size === 0) this.#hosts.delete(name)
    return taken
  }

  get isEmpty(): boolean {
    return this.#hosts.size === 0
  }

  /** Names that nobody answered to yet, each with its hosts. */
  left(): { name: string; hosts: string[] }[] {
    return [...this.#hosts].map(([name, hosts]) => ({ name, hosts: [...hosts.keys()] }))
  }
}

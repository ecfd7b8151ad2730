/**
 * Changes of one task that come in together for one host are done together: one script for all their disks, one virsh for
 * all their definitions. What fails for one fails for that one only.
 */
export class Gather<Item, Context> {
  readonly #work: (context: Context, items: readonly Item[]) => Promise<Map<Item, Error>>
  readonly #open = new WeakMap<object, Map<string, { item: Item; settle: (error: Error | undefined) => void }[]>>()

  /** work answers with the items that failed, and why. */
  constructor(work: (context: Context, items: readonly Item[]) => Promise<Map<Item, Error>>) {
    this.#work = work
  }

  /** Adds an item to the group of this task and host; settles when the group is done. */
  async add(task: object, host: string, context: Context, item: Item): Promise<void> {
    let groups = this.#open.get(task)
    if (!groups) {
      groups = new Map()
      this.#open.set(task, groups)
    }
    const byHost = groups
    let group = byHost.get(host)
    if (!group) {
      group = []
      byHost.set(host, group)
      setImmediate(() => {
        const members = byHost.get(host) ?? []
        byHost.delete(host)
        this.#run(context, members).catch(() => undefined)
      })
    }
    const members = group
    const error = await new Promise<Error | undefined>((settle) => members.push({ item, settle }))
    if (error) throw error
  }

  async #run(
    context: Context,
    members: readonly { item: Item; settle: (error: Error | undefined) => void }[],
  ): Promise<void> {
    let failures: Map<Item, Error>
    try {
      failures = await this.#work(
        context,
        members.map((m) => m.item),
      )
    } catch (error) {
      for (const member of members) member.settle(error instanceof Error ? error : new Error(String(error)))
      return
    }
    for (const member of members) member.settle(failures.get(member.item))
  }
}

/** Lets the first piece of work end, however it ends, before any other begins; from then on all begin at once. */
export class FirstAlone {
  #first: Promise<void> | undefined
  #over = false

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#over) return work()
    if (this.#first) {
      await this.#first
      return work()
    }
    const done = work()
    const over = (): void => {
      this.#over = true
    }
    this.#first = done.then(over, over)
    return done
  }
}

import { createHash } from 'node:crypto'
import { ConnectionError } from '../errors.ts'
import type { Become } from '../types.ts'

/** What a password's trial has shown; a promise while the first host is asked. */
type Trial = { state: 'good' } | { state: 'refused'; by: string } | { state: 'trying'; done: Promise<void> }

/**
 * A wrong password sent to a thousand hosts locks a thousand accounts: the first host proves it, the others wait, and after a refusal
 * fail with the same error without being asked.
 */
export class PasswordTrials {
  private readonly trials = new Map<string, Trial>()

  /** Runs the attempt, first or once the password is known to be good. Raises what the attempt raises. */
  async first<T>(become: Become, host: string, attempt: () => Promise<T>): Promise<T> {
    const key = keyOf(become)
    for (;;) {
      const trial = this.trials.get(key)
      if (trial?.state === 'good') return attempt()
      if (trial?.state === 'refused') {
        const where = trial.by === host ? '' : ` on ${trial.by}; it was not tried here`
        throw new ConnectionError(
          'become-password',
          host,
          `${become.method} refused the password for ${become.user}${where}`,
          'check ansible_become_password',
        )
      }
      if (trial) {
        await trial.done
        continue
      }
      return this.tryFirst(key, host, attempt)
    }
  }

  private async tryFirst<T>(key: string, host: string, attempt: () => Promise<T>): Promise<T> {
    let settle!: () => void
    const done = new Promise<void>((resolve) => {
      settle = resolve
    })
    this.trials.set(key, { state: 'trying', done })
    try {
      const result = await attempt()
      this.trials.set(key, { state: 'good' })
      return result
    } catch (error) {
      // Another failure says nothing about the password: the next host proves it.
      if (error instanceof ConnectionError && error.failure === 'become-password') {
        this.trials.set(key, { state: 'refused', by: host })
      } else this.trials.delete(key)
      throw error
    } finally {
      settle()
    }
  }
}

/** The password itself is not kept. */
function keyOf(become: Become): string {
  const password = createHash('sha256')
    .update(become.password ?? '')
    .digest('hex')
  return JSON.stringify([become.method, become.user, password])
}

import type { AuthHandlerMiddleware } from 'ssh2'
import type { Attempt } from './credentials.ts'

/**
 * Goes through the attempts, leaving out methods the server does not allow. After a partial success (several methods
 * are demanded) all others may be tried again, since the server may have refused them only for their turn. A password
 * that was refused is not sent again by another method: two failures a connection get a controller locked out.
 */
export function authHandler(attempts: readonly Attempt[]): AuthHandlerMiddleware {
  let left = [...attempts]
  let succeeded = new Set<Attempt>()
  let last: Attempt | undefined
  return (allowed, partial, next) => {
    // ssh2 gives null before the server has said anything.
    const methods: readonly string[] | null = allowed
    if (partial && last) {
      succeeded = new Set([...succeeded, last])
      left = attempts.filter((attempt) => !succeeded.has(attempt))
    } else if (last?.kind === 'password' && methods?.includes('password')) {
      left = left.filter((attempt) => attempt.kind !== 'keyboard-interactive')
    }
    const index = left.findIndex((attempt) => methods === null || methods.includes(attempt.kind))
    last = left[index]
    left = index === -1 ? [] : left.slice(index + 1)
    if (last) next(last.method())
    // Documented for `false`, which the types leave out.
    else next(false as never)
  }
}

import { ConnectionError, type ConnectionFailure } from '../errors.ts'
import type { Greeting } from '../shell/greeting.ts'
import type { Become } from '../types.ts'

/** What is awaited before the password is sent: our own prompt of sudo; for su and doas the one they print in the C locale. */
export function asksPassword(become: Become, prompt: string, text: string): boolean {
  if (become.method === 'sudo') return text.includes(prompt)
  return /password[^\n]*:\s?$/i.test(text)
}

/** What the tools say in the C locale, most telling first. */
const ANSWERS: readonly (readonly [RegExp, ConnectionFailure, string, string?])[] = [
  [
    /(not found|No such file or directory).*$/im,
    'become-missing',
    'is not on the host',
    'install it or choose another become_method',
  ],
  [/unknown user|user .* does not exist|unable to find user/i, 'become-missing', 'knows no such user'],
  [/must have a tty|terminal is required|a tty is required/i, 'unsupported', 'wants a terminal'],
  [
    /a password is required|(Authorization|Authentication) required/i,
    'become-password',
    'asks for a password and none is given',
    'give ansible_become_password or --ask-become-pass',
  ],
  [
    /incorrect password|Sorry, try again|Authentication fail|Authorization failed|Authentication token/i,
    'become-password',
    'refused the password',
  ],
  [
    /not in the sudoers|not allowed to|Operation not permitted|Permission denied|may not run/i,
    'become-denied',
    'does not allow it',
  ],
]

/** The tool ended without a shell: why, by name. */
export function becomeFailure(become: Become, host: string, greeting: Greeting, asked: boolean): ConnectionError {
  const said = greeting.noise
  const found = ANSWERS.find(([pattern]) => pattern.test(said))
  const [, failure, text, hint] = found ?? [/./, asked ? 'become-password' : 'become-denied', 'led to no shell']
  const tail = greeting.said === '' ? '' : `: ${greeting.said}`
  return new ConnectionError(failure, host, `becoming ${become.user}: ${become.method} ${text}${tail}`, hint)
}

/** True if the same way with a terminal may work. */
export const wantsTerminal = (error: unknown): boolean =>
  error instanceof ConnectionError && error.failure === 'unsupported' && error.message.includes('wants a terminal')

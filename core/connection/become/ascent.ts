import { randomBytes } from 'node:crypto'
import { ConnectionError } from '../errors.ts'
import { quote } from '../quote.ts'
import type { Greeting } from '../shell/greeting.ts'
import type { Ascent } from '../shell/start.ts'
import type { Become } from '../types.ts'
import { asksPassword, becomeFailure } from './answers.ts'
import { becomeCommand, directCommand, needsTerminal } from './commands.ts'

/** Tries a password on one host before it is sent to the others. */
export interface PasswordProof {
  first<T>(become: Become, host: string, attempt: () => Promise<T>): Promise<T>
}

/** Leads a login shell to another user's shell: the tool's command, its password when it asks, its refusals by name. */
export function ascent(
  become: Become,
  options: { loginUser: string; shellPath: string; terminal?: boolean; proof?: PasswordProof },
): Ascent {
  const pty = options.terminal ?? needsTerminal(become, options.loginUser)
  const direct = pty ? undefined : directCommand(become, options.shellPath)
  return {
    pty,
    ...(direct !== undefined && { direct }),
    refused: (greeting, host) => becomeFailure(become, host, greeting, false),
    async climb(greeting, { shellPath, host, signal }) {
      const nonce = randomBytes(12).toString('hex')
      greeting.expect(nonce)
      if (pty) await rawTerminal(greeting, nonce, host, become, signal)
      const prompt = `[virtfleet ${nonce}] password: `
      greeting.send(`LC_ALL=C; export LC_ALL; unset LANGUAGE; ${becomeCommand(become, { nonce, prompt, shellPath })}\n`)
      const asks = (text: string): boolean => asksPassword(become, prompt, text)
      const said = await greeting.until(signal, { prompt: asks })
      if (said.kind === 'mark') return
      if (said.kind === 'ended') throw becomeFailure(become, host, greeting, false)
      const { password } = become
      if (password === undefined) {
        throw new ConnectionError(
          'become-password',
          host,
          `${become.method} asks for a password and none is given`,
          'give ansible_become_password or --ask-become-pass',
        )
      }
      const answer = async (): Promise<void> => {
        greeting.send(`${password}\n`)
        const answered = await greeting.until(signal, { prompt: asks })
        if (answered.kind === 'ended') throw becomeFailure(become, host, greeting, true)
        if (answered.kind === 'prompt') {
          throw new ConnectionError(
            'become-password',
            host,
            `${become.method} refused the password for ${become.user}`,
            'check ansible_become_password',
          )
        }
      }
      // Only where it is asked for does it prove anything.
      await (options.proof ? options.proof.first(become, host, answer) : answer())
    },
  }
}

/** No echo and no line editing before anything else is sent. */
async function rawTerminal(
  greeting: Greeting,
  nonce: string,
  host: string,
  become: Become,
  signal: AbortSignal,
): Promise<void> {
  greeting.send(`stty raw -echo && printf '\\036%s raw\\n' ${quote(nonce)}\n`)
  const said = await greeting.until(signal)
  if (said.kind !== 'mark') {
    throw new ConnectionError('shell', host, `no terminal for ${become.method}: ${greeting.said}`)
  }
}

import { quote } from '../quote.ts'
import type { Become } from '../types.ts'

/** su and doas ask for a password only on a terminal; root is never asked. */
export function needsTerminal(become: Become, loginUser: string): boolean {
  return become.method !== 'sudo' && become.password !== undefined && loginUser !== 'root'
}

/** The line that replaces the login shell by the other user's, which says its first mark itself: nothing is sent before. */
export function becomeCommand(become: Become, options: { nonce: string; prompt: string; shellPath: string }): string {
  const shell = quote(options.shellPath)
  const up = `printf '\\036%s up\\n' ${options.nonce}; exec ${shell} -s`
  const exe = quote(become.exe ?? become.method)
  const flags = become.flags?.map(quote).join(' ')
  switch (become.method) {
    case 'sudo': {
      const ask = become.password === undefined ? '-n' : `-S -p ${quote(options.prompt)}`
      return `exec ${exe} ${flags ?? '-H'} ${ask} -u ${quote(become.user)} -- ${shell} -c ${quote(up)}`
    }
    case 'su':
      return `exec ${exe} ${flags ?? ''} -s ${shell} -c ${quote(`exec ${shell} -c ${quote(up)}`)} ${quote(become.user)}`
    case 'doas':
      return `exec ${exe} ${flags ?? ''} ${become.password === undefined ? '-n ' : ''}-u ${quote(become.user)} ${shell} -c ${quote(up)}`
  }
}

/**
 * The command of the channel itself that becomes the other user's shell, where the tool is told not to ask (sudo -n, doas
 * -n): it reads nothing, so that whatever follows is for that shell, and is thrown away if the tool refuses. The login shell
 * does not read either: it has a command of its own. Undefined where a password may be asked for, or flags are the user's.
 */
export function directCommand(become: Become, shellPath: string): string | undefined {
  if (become.password !== undefined || become.flags !== undefined) return undefined
  const shell = quote(shellPath)
  const exe = quote(become.exe ?? become.method)
  const user = quote(become.user)
  const direct = (up: string): string =>
    `exec ${shell} -c ${quote(`LC_ALL=C; export LC_ALL; unset LANGUAGE; exec ${up}`)}`
  switch (become.method) {
    case 'sudo':
      return direct(`${exe} -H -n -u ${user} -- ${shell} -s`)
    case 'doas':
      return direct(`${exe} -n -u ${user} ${shell} -s`)
    case 'su':
      return undefined
  }
}

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

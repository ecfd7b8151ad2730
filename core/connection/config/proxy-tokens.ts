import { ConnectionError } from '../errors.ts'
import type { Tokens } from './expand.ts'

/** What a shell would read as more than a word, and a dash, with which an option begins. */
const SHELL_SYNTAX = /['"`\\$;&|<>(){}*?#~\s\p{Cc}]|^-/u

/**
 * A ProxyCommand runs through sh on the controller, so what its tokens stand for must be plain words, as ssh demands it
 * (CVE-2023-51385). Raises ConnectionError `config` that names the kind of the value, for the tokens the command uses.
 */
export function refuseShellSyntax(name: string, command: string, tokens: Tokens): void {
  const kinds: Record<string, readonly [string, string]> = {
    h: ['host', tokens.host],
    n: ['address', tokens.alias],
    r: ['user', tokens.user],
    k: tokens.hostKeyAlias === undefined ? ['host', tokens.host] : ['host key alias', tokens.hostKeyAlias],
  }
  for (const [, letter] of command.matchAll(/%(.?)/gs)) {
    const kind = kinds[letter!]
    if (kind === undefined || !SHELL_SYNTAX.test(kind[1])) continue
    const message = `the ${kind[0]} ${JSON.stringify(kind[1])} cannot be used for %${letter} of a ProxyCommand`
    throw new ConnectionError('config', name, message, 'it holds characters that mean something to a shell')
  }
}

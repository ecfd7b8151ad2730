import { hostname } from 'node:os'
import type { SshEnvironment } from './environment.ts'

/** What the tokens of ssh_config(5), TOKENS, stand for. */
export interface Tokens {
  /** %h */ readonly host: string
  /** %n, the name as it was given. */ readonly alias: string
  /** %p */ readonly port: number
  /** %r */ readonly user: string
  /** %k, the alias of the host key; default the host. */ readonly hostKeyAlias?: string
}

/** Replaces the tokens. Raises RangeError for one that ssh_config(5) does not know here. */
export function expandTokens(text: string, tokens: Tokens, environment: SshEnvironment): string {
  return text.replace(/%(.?)/gs, (_all, letter: string) => {
    switch (letter) {
      case '%':
        return '%'
      case 'h':
        return tokens.host
      case 'n':
        return tokens.alias
      case 'p':
        return String(tokens.port)
      case 'r':
        return tokens.user
      case 'k':
        return tokens.hostKeyAlias ?? tokens.host
      case 'u':
        return environment.login
      case 'd':
        return environment.home
      case 'i':
        return String(process.getuid?.() ?? '')
      case 'l':
        return hostname()
      case 'L':
        return hostname().split('.')[0]!
      default:
        throw new RangeError(`%${letter} is not supported in ${text}`)
    }
  })
}

/** A file name: `~`, `${VARIABLE}` and tokens. Raises RangeError for an unknown token, variable or user. */
export function expandPath(text: string, tokens: Tokens, environment: SshEnvironment): string {
  const withVariables = text.replace(/\$\{([A-Za-z0-9_]+)\}/g, (_all, name: string) => {
    const value = environment.variables[name]
    if (value === undefined) throw new RangeError(`${name} is not set, in ${text}`)
    return value
  })
  return expandTokens(expandHome(withVariables, environment), tokens, environment)
}

/** `~` and `~/…`. Another user's home is not looked up. */
export function expandHome(path: string, environment: Pick<SshEnvironment, 'home' | 'login'>): string {
  if (!path.startsWith('~')) return path
  const [, user, rest] = /^~([^/]*)(.*)$/s.exec(path)!
  if (user !== '' && user !== environment.login)
    throw new RangeError(`the home of ${user} is not looked up, in ${path}`)
  return environment.home + rest
}

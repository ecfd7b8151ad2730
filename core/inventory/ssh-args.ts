import { splitWords } from './words.ts'

/** What is understood of ssh's arguments; the rest needs ssh itself. */
export interface SshArgs {
  proxyJump?: string
  proxyCommand?: string
  port?: number
  user?: string
  privateKeyFile?: string
  connectTimeoutMs?: number
  policy?: 'strict' | 'accept-new' | 'off'
  knownHosts?: string[]
  /** Arguments that both transports understand as they stand. */
  readonly shared: string[]
  /** Arguments that only the system's ssh understands. */
  readonly unknown: string[]
}

/** Options of ssh(1) with a value of their own. */
const withValue = 'BbcDEeFIiJLlmOopQRSWw'
/** Options that change nothing here: connections are shared and kept anyway. */
const harmless =
  /^(?:control(?:master|persist|path)|compression|loglevel|batchmode|preferredauthentications|gssapiauthentication|tcpkeepalive|ipqos)$/

/** Reads arguments as they stand in ansible_ssh_common_args; undefined for a quote that is not closed. */
export function parseSshArgs(text: string): SshArgs | undefined {
  const { words, unclosed } = splitWords(text)
  if (unclosed !== undefined) return undefined
  const result: SshArgs = { shared: [], unknown: [] }
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!.text
    const letter = /^-([A-Za-z0-9])/.exec(word)?.[1]
    if (letter === undefined || !withValue.includes(letter)) {
      if (!/^-[CqTx46]+$/.test(word)) result.unknown.push(word)
      continue
    }
    const value = word.length > 2 ? word.slice(2) : words[++i]?.text
    if (value === undefined) result.unknown.push(word)
    else if (letter === 'o') option(result, value)
    else if (letter === 'J') jump(result, value)
    else if (letter === 'p') result.port = Number(value)
    else if (letter === 'l') result.user = value
    else if (letter === 'i') result.privateKeyFile = value
    else result.unknown.push(`-${letter}`, value)
  }
  return result
}

/** A ProxyJump or ProxyCommand: of all of them ssh obeys the first. */
export const hasWay = ({ proxyJump, proxyCommand }: SshArgs): boolean =>
  proxyJump !== undefined || proxyCommand !== undefined

function jump(result: SshArgs, value: string): void {
  if (!hasWay(result)) result.proxyJump = value
}

function option(result: SshArgs, text: string): void {
  const match = /^\s*(\w+)(?:\s*=\s*|\s+)([\s\S]*)$/.exec(text)
  const [, name = '', value = ''] = match ?? []
  switch (name.toLowerCase()) {
    case 'proxyjump':
      jump(result, value)
      return
    case 'proxycommand': {
      if (hasWay(result)) return
      if (/^\s*none\s*$/i.test(value)) {
        jump(result, 'none')
        return
      }
      const hop = /^\s*ssh\s+(?:-q\s+)?-W\s+\[?%h\]?:%p\s+(?:-q\s+)?([^\s-]\S*)\s*$/.exec(value)
      if (hop) jump(result, hop[1]!)
      else result.proxyCommand = value
      return
    }
    case 'port':
      result.port = Number(value)
      return
    case 'user':
      result.user = value
      return
    case 'identityfile':
      result.privateKeyFile = value
      return
    case 'connecttimeout':
      result.connectTimeoutMs = Number(value) * 1000
      return
    case 'userknownhostsfile':
      result.knownHosts = value.split(/\s+/)
      return
    case 'stricthostkeychecking':
      result.policy = /^(?:no|off)$/i.test(value)
        ? 'off'
        : value.toLowerCase() === 'accept-new'
          ? 'accept-new'
          : 'strict'
      return
    case 'serveraliveinterval':
    case 'serveralivecountmax':
      result.shared.push('-o', text)
      return
    default:
      if (!harmless.test(name.toLowerCase())) result.unknown.push('-o', text)
  }
}

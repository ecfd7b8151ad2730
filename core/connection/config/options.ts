import { execFile } from 'node:child_process'
import pLimit from 'p-limit'
import { type ConfigNode, readConfig } from './config-file.ts'
import type { SshEnvironment } from './environment.ts'
import { matchesPatterns, readOptions } from './own-reading.ts'

/** Options of ssh_config(5) by keyword in lower case; the values as written, tokens not expanded. */
export type SshOptions = ReadonlyMap<string, readonly string[]>

export interface ConfigQuery {
  readonly alias: string
  readonly user?: string
  readonly port?: number
  /** From ssh arguments of the inventory; they win over the files. Keywords in lower case. */
  readonly options: readonly (readonly [keyword: string, value: string])[]
}

const limit = pLimit(16)
const cached = new Map<string, Promise<SshOptions>>()
const files = new Map<string, readonly ConfigNode[]>()

/**
 * What ssh would use for that name. Asks `ssh -G`, once for all names that the files do not tell apart; without ssh,
 * reads the files itself. Raises Error with ssh's own words when it refuses the files.
 */
export async function sshOptions(query: ConfigQuery, environment: SshEnvironment): Promise<SshOptions> {
  const nodes = configNodes(environment)
  if (environment.sshProgram === undefined) return readOptions(nodes, query, environment)
  const group = groupOf(nodes, query.alias)
  if (group?.plain) return withDefaultFiles(readOptions(nodes, query, environment))
  // Where no Match looks at them, user and port change nothing but themselves; and they are known.
  const asked: ConfigQuery = group ? { alias: query.alias, options: query.options } : query
  const key = JSON.stringify([environment.configFile, group?.id ?? query.alias, asked.user, asked.port, asked.options])
  let answer = cached.get(key)
  if (!answer) {
    answer = limit(() => askSsh(asked, environment)).then((options) => {
      // ssh -G answers with the alias itself where no HostName is set; the other names of the group have their own.
      if (!group || options.get('hostname')?.[0] !== query.alias.toLowerCase()) return options
      return new Map([...options].filter(([keyword]) => keyword !== 'hostname'))
    })
    cached.set(key, answer)
    answer.catch(() => cached.delete(key))
  }
  return answer
}

function configNodes(environment: SshEnvironment): readonly ConfigNode[] {
  const names = environment.configFile ? [environment.configFile] : [environment.userConfig, environment.systemConfig]
  const key = names.join('\0')
  let nodes = files.get(key)
  if (!nodes) {
    // Each file begins outside of any Host.
    nodes = names.map((name) => ({ kind: 'include', body: readConfig(name, environment) }))
    files.set(key, nodes)
  }
  return nodes
}

/** Keywords whose tokens `ssh -G` leaves alone, so that its answer does not depend on the name. */
const UNEXPANDED = new Set(['identityfile', 'certificatefile', 'identityagent', 'proxycommand', 'controlpath'])

/** Keywords that have no say in where and how we connect, or are read without doubt; files of distributions have no others. */
const PLAIN = new Set([
  'sendenv',
  'setenv',
  'hashknownhosts',
  'gssapiauthentication',
  'forwardx11',
  'forwardx11trusted',
])

interface Group {
  readonly id: string
  /** Nothing that fits holds more than plain keywords: ssh need not be asked. */
  readonly plain: boolean
}

/** Which Host sections fit: names with the same ones get the same answer. Undefined when more than that counts. */
function groupOf(nodes: readonly ConfigNode[], alias: string): Group | undefined {
  const fits: number[] = []
  let index = 0
  let plain = true
  const walk = (list: readonly ConfigNode[], active: boolean): boolean =>
    list.every((node) => {
      if (node.kind === 'match') return false
      if (node.kind === 'include') return walk(node.body, active)
      if (node.kind === 'option') {
        if (active && !PLAIN.has(node.keyword)) plain = false
        return isConstant(node.keyword, node.value)
      }
      const own = active && matchesPatterns(node.patterns, alias)
      index++
      if (own) fits.push(index)
      return walk(node.body, own)
    })
  return walk(nodes, true) ? { id: fits.join(' '), plain } : undefined
}

/** As ssh -G fills them in. */
function withDefaultFiles(options: SshOptions): SshOptions {
  return new Map([
    ['userknownhostsfile', ['~/.ssh/known_hosts ~/.ssh/known_hosts2']],
    ['globalknownhostsfile', ['/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2']],
    ...options,
  ])
}

function isConstant(keyword: string, value: string): boolean {
  if (keyword === 'canonicalizehostname') return value === 'no'
  return !value.includes('%') || UNEXPANDED.has(keyword)
}

function askSsh(query: ConfigQuery, environment: SshEnvironment): Promise<SshOptions> {
  const args = ['-G']
  if (environment.configFile) args.push('-F', environment.configFile)
  if (query.user !== undefined) args.push('-l', query.user)
  if (query.port !== undefined) args.push('-p', String(query.port))
  for (const [keyword, value] of query.options) args.push('-o', `${keyword}=${value}`)
  args.push('--', query.alias)
  return new Promise((resolve, reject) => {
    const child = execFile(
      environment.sshProgram!,
      args,
      { timeout: 20_000, maxBuffer: 1 << 20 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(stderr.trim() || error.message))
        else resolve(parseAnswer(stdout))
      },
    )
    child.stdin?.end()
  })
}

function parseAnswer(text: string): SshOptions {
  const options = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ')
    if (space < 1) continue
    const keyword = line.slice(0, space).toLowerCase()
    const values = options.get(keyword)
    if (values) values.push(line.slice(space + 1))
    else options.set(keyword, [line.slice(space + 1)])
  }
  return options
}

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
  const key = JSON.stringify([environment.configFile, group ?? query.alias, query.user, query.port, query.options])
  let answer = cached.get(key)
  if (!answer) {
    answer = limit(() => askSsh(query, environment)).then((options) => {
      // ssh -G answers with the alias itself where no HostName is set; the other names of the group have their own.
      if (group === undefined || options.get('hostname')?.[0] !== query.alias.toLowerCase()) return options
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

/** Which Host sections fit: names with the same ones get the same answer. Undefined when more than that counts. */
function groupOf(nodes: readonly ConfigNode[], alias: string): string | undefined {
  const fits: number[] = []
  let index = 0
  const walk = (list: readonly ConfigNode[], active: boolean): boolean =>
    list.every((node) => {
      if (node.kind === 'match') return false
      if (node.kind === 'include') return walk(node.body, active)
      if (node.kind === 'option') return isConstant(node.keyword, node.value)
      const own = active && matchesPatterns(node.patterns, alias)
      index++
      if (own) fits.push(index)
      return walk(node.body, own)
    })
  return walk(nodes, true) ? fits.join(' ') : undefined
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

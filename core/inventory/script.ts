import { spawn } from 'node:child_process'
import type { Json, JsonObject } from '../events/json.ts'
import { errorAt, fromJson } from '../language/index.ts'
import type { Variables } from '../language/values.ts'
import type { InventoryData } from './data.ts'
import { withTemplates } from './ini.ts'

const timeLimitMs = 60_000
const maxOutput = 256 * 1024 * 1024
const parallel = 8

/** Runs an executable inventory: `--list`, and `--host NAME` for each host when the answer has no `_meta`. */
export async function runInventory(file: string, data: InventoryData, signal?: AbortSignal): Promise<void> {
  const at = { file, line: 1, column: 1 }
  const list = await ask(file, ['--list'], signal)
  if (typeof list === 'string') {
    data.diagnostics.push(errorAt('inventory-script', `${file} --list ${list}`, at))
    return
  }
  const variables = (value: Json | undefined): Variables => {
    const result: Variables = new Map()
    if (isObject(value))
      for (const [name, item] of Object.entries(value)) result.set(name, withTemplates(fromJson(item), at))
    return result
  }
  const hosts: string[] = []
  for (const [name, body] of Object.entries(list)) {
    if (name === '_meta') continue
    const group = data.group(name)
    const named = isObject(body) ? body : { hosts: body }
    if (isObject(body) && !('hosts' in body || 'vars' in body || 'children' in body)) {
      // A group that is a mapping without any of the known keys is a host with its variables.
      data.setVariables(data.host(name, name), file, variables(body))
      hosts.push(name)
      continue
    }
    for (const host of texts(named.hosts)) {
      data.host(host, name)
      hosts.push(host)
    }
    data.setVariables(group, `${file} [${name}]`, variables(named.vars))
    for (const child of texts(named.children)) if (name !== 'all') data.addChild(name, child, at)
  }
  const meta = isObject(list._meta) ? list._meta.hostvars : undefined
  if (isObject(meta)) {
    for (const name of new Set(hosts)) data.setVariables(data.host(name), file, variables(meta[name]))
    return
  }
  const waiting = [...new Set(hosts)]
  const answers = new Map<string, Variables>()
  const worker = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const answer = await ask(file, ['--host', name], signal)
      if (typeof answer === 'string') {
        data.diagnostics.push(errorAt('inventory-script', `${file} --host ${name} ${answer}`, at))
      } else answers.set(name, variables(answer))
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  for (const [name, values] of answers) data.setVariables(data.host(name), file, values)
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** The JSON object that the executable prints, or what went wrong. */
function ask(file: string, args: readonly string[], signal?: AbortSignal): Promise<JsonObject | string> {
  return new Promise((settle) => {
    const limit = AbortSignal.timeout(timeLimitMs)
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
    const out: Buffer[] = []
    let size = 0
    let errors = ''
    child.stdout.on('data', (piece: Buffer) => {
      size += piece.length
      if (size <= maxOutput) out.push(piece)
      else child.kill('SIGTERM')
    })
    child.stderr.on('data', (piece: Buffer) => {
      errors = (errors + piece.toString('utf8')).slice(-2000)
    })
    child.on('error', (error) =>
      settle(limit.aborted ? `did not answer in ${timeLimitMs / 1000} s` : `cannot be run: ${error.message}`),
    )
    child.on('close', (status) => {
      if (size > maxOutput) settle('printed too much')
      else if (status !== 0)
        settle(`ended with status ${status ?? 'of a signal'}: ${errors.trim() || 'it said nothing'}`)
      else settle(parseAnswer(Buffer.concat(out).toString('utf8')))
    })
  })
}

function parseAnswer(text: string): JsonObject | string {
  try {
    const answer: unknown = JSON.parse(text.trim() === '' ? '{}' : text)
    return isObject(answer as Json) ? (answer as JsonObject) : 'did not print a JSON object'
  } catch (error) {
    return `did not print JSON: ${(error as Error).message}`
  }
}

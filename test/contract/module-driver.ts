import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { z } from 'zod'
import { connectionPool, jointReads, replaceFile, type ShellText, sh } from '../../core/connection/index.ts'
import type { Connection, ConnectionPool, Endpoint, Shell } from '../../core/connection/types.ts'
import type { Json, JsonObject } from '../../core/events/json.ts'
import { defaultEnvironment, fromJson, templateFile, type Value } from '../../core/language/index.ts'
import { createVirsh } from '../../core/libvirt/virsh/virsh.ts'
import {
  type Change,
  type FleetChange,
  type FleetModule,
  type FleetStates,
  type Host,
  ModuleFailure,
  type StateModule,
} from '../../core/module/types.ts'

/*
 * Drives one module against real hosts without the engine: probe, diff, apply, and again. For contract tests.
 */

export interface DrivenHost extends Host {
  /** Scripts that were run to change something, so far. */
  readonly writes: () => number
}

/** A host over a real connection. */
export async function drivenHost(
  pool: ConnectionPool,
  endpoint: Endpoint,
  options: { variables?: JsonObject; check?: boolean; templates?: string; readOnly?: boolean } = {},
): Promise<DrivenHost> {
  let connection: Connection = await pool.get(endpoint)
  let shell = await connection.shell()
  let writes = 0
  const kept = (script: ShellText): ShellText => (options.readOnly ? readOnly(script) : script)
  const read: Host['read'] = (script, o) => shell.run(kept(script), o)
  const looking: Shell = {
    user: shell.user,
    writes: 0,
    run: (script, o) => shell.run(typeof script === 'function' ? () => kept(script()) : kept(script), o),
    close: () => shell.close(),
  }
  const { signal } = new AbortController()
  const run: Host['run'] = (script, o) => {
    writes++
    jointReads(looking).cut()
    return shell.run(script, o)
  }
  const variables = options.variables ?? {}
  return {
    name: endpoint.name,
    variable: (name) => variables[name],
    signal,
    check: options.check ?? false,
    wantsDiff: true,
    wantsResult: () => true,
    read,
    readJointly: (joint, item) => jointReads(looking).ask(joint, item, signal, {}),
    run,
    libvirt: createVirsh({ uri: 'qemu:///system', read, run }),
    files: {
      find: async (_kind, path) => {
        if (options.templates === undefined) throw new ModuleFailure(`there is no file '${path}'`)
        return join(options.templates, path)
      },
      read: (path) => readFile(path),
      large: async () => undefined,
      list: async () => [],
      stat: async () => ({ kind: 'file', size: 0, mode: 0, mtimeMs: 0 }),
    },
    render: (source, file, o) => render(source, file, { ...variables, ...o?.variables }, o?.lstripBlocks === true),
    progress: () => undefined,
    line: () => undefined,
    secret: () => undefined,
    connection: async () => connection,
    reconnect: async () => {
      await pool.forget(endpoint.name)
      connection = await pool.get({ ...endpoint, retries: 0 })
      shell = await connection.shell()
    },
    writeFile: async (path, content, { mode, owner, group, backup }) => {
      writes++
      jointReads(looking).cut()
      return await replaceFile(shell, path, content, {
        ...(mode !== undefined && { mode }),
        ...(owner !== undefined && { owner }),
        ...(group !== undefined && { group }),
        ...(backup !== undefined && { backup }),
      })
    },
    uploadFile: () => Promise.reject(new Error('this host takes no large files')),
    writes: () => writes,
  }
}

/** The script with every file system of the host mounted read-only for it, in a mount namespace of its own. */
function readOnly(script: ShellText): ShellText {
  const remount = `cut -d' ' -f5 /proc/self/mountinfo | while read -r m; do mount -o remount,bind,ro "$m" 2>/dev/null; done
touch /tmp/.virtfleet-probe 2>/dev/null && { echo 'the file system is not read-only' >&2; exit 99; }
exec /bin/sh -c "$0"`
  return sh`exec unshare -m --propagation private /bin/sh -c ${remount} ${script.text}`
}

async function render(source: string, file: string, variables: JsonObject, lstrip: boolean): Promise<string> {
  const values = new Map<string, Value>()
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) values.set(name, fromJson(value))
  const scope = {
    get: (name: string) => values.get(name),
    names: () => values.keys(),
    environment: defaultEnvironment(),
  }
  const header = lstrip ? '#jinja2: lstrip_blocks: True\n' : ''
  return String(await templateFile(header + source, file).evaluateAsync(scope))
}

/** Connections for driven hosts. */
export const drivenPool = (): ConnectionPool => connectionPool()

/** What one round came to. */
export interface Round {
  readonly changes: readonly Change[]
  /** What is left after it: `now` changes that did not converge, pending ones. */
  readonly left: readonly Change[]
  readonly result: JsonObject
}

/** Probe and diff only, as check mode does. */
export async function checkState<A, S, R extends JsonObject>(
  module: StateModule<A, S, R>,
  host: Host,
  input: Json,
): Promise<readonly Change[]> {
  const args = (module.args as z.ZodType<A>).parse(input)
  return module.diff(await module.probe(host, args), args)
}

/** One task: probe, diff, apply if there is something to do, probe and diff again. */
export async function runState<A, S, R extends JsonObject>(
  module: StateModule<A, S, R>,
  host: Host,
  input: Json,
): Promise<Round> {
  const args = (module.args as z.ZodType<A>).parse(input)
  const before = await module.probe(host, args)
  const changes = module.diff(before, args)
  if (!changes.some((c) => c.effect !== 'pending'))
    return { changes, left: changes, result: module.result(before, args) }
  const extra = await module.apply(host, args, before, changes)
  const after = await module.probe(host, args)
  return { changes, left: module.diff(after, args), result: { ...module.result(after, args), ...extra } }
}

/** The same, and once more: nothing is left of the first, and the second finds nothing, neither now nor pending, and writes nothing. */
export async function settledState<A, S, R extends JsonObject>(
  module: StateModule<A, S, R>,
  host: DrivenHost,
  input: Json,
): Promise<Round> {
  const round = await runState(module, host, input)
  expect(round.left).to.deep.equal([])
  const writes = host.writes()
  expect((await runState(module, host, input)).changes).to.deep.equal([])
  expect(host.writes()).to.equal(writes)
  return round
}

/** One fleet task over these hosts; `silent` ones do not answer. Changes run side by side. `waits`: what waits for something at the end. */
export async function runFleet<A, S, R extends JsonObject>(
  module: FleetModule<A, S, R>,
  hosts: readonly Host[],
  input: Json,
  options: { silent?: readonly string[]; check?: boolean } = {},
): Promise<{ items: string[]; failures: string[]; left: string[]; waits: string[]; result: R }> {
  const args = (module.args as z.ZodType<A>).parse(input)
  const all = new Map(hosts.map((h) => [h.name, h]))
  const look = async (): Promise<FleetStates<S>> => {
    const answered = new Map<string, S>()
    const silent = new Map((options.silent ?? []).map((name) => [name, 'unreachable']))
    for (const host of hosts) {
      if (silent.has(host.name)) continue
      const state = await module.probe(host, args)
      const silence = module.silence?.(state)
      if (silence === undefined) answered.set(host.name, state)
      else silent.set(host.name, silence)
    }
    const states = { answered, silent }
    return module.examine ? await module.examine(all, states, args) : states
  }
  const states = await look()
  const changes = module.diff(states, args)
  const items = changes.map((c) => `${c.id} @ ${c.hosts.join(',')}`)
  const acting = changes.filter((c) => c.changes.some((x) => x.effect !== 'pending'))
  if (options.check || acting.length === 0)
    return { items, failures: [], left: items, waits: waitsOf(changes), result: module.result(states, args) }
  const failures: string[] = []
  // In the order of their needs, as the engine does.
  const ended = new Map<string, Promise<boolean>>()
  const done = async (change: FleetChange): Promise<boolean> => {
    const before = await Promise.all(change.needs.map((id) => ended.get(id) ?? true))
    try {
      const failed = change.needs.find((_, i) => !before[i])
      if (failed) throw new Error(`not tried: ${acting.find((one) => one.id === failed)?.item} failed before`)
      if (change.refusal) throw change.refusal
      await module.apply(all, change, args)
      return true
    } catch (error) {
      failures.push(`${change.item}: ${error instanceof Error ? error.message : String(error)}`)
      await module.undo?.(all, change, args)
      return false
    }
  }
  const pending = [...acting]
  while (pending.length > 0) {
    const at = pending.findIndex(({ needs }) => needs.every((id) => ended.has(id) || !acting.some((c) => c.id === id)))
    const [change] = pending.splice(at, 1)
    if (at < 0 || !change) throw new Error('changes need one another')
    ended.set(change.id, done(change))
  }
  await Promise.all(ended.values())
  const after = await look()
  const left = module.diff(after, args)
  return { items, failures, left: left.map((c) => c.id), waits: waitsOf(left), result: module.result(after, args) }
}

const waitsOf = (changes: readonly FleetChange[]): string[] =>
  changes.flatMap((c) => c.changes.filter((x) => x.effect === 'pending').map((x) => `${c.item} ${x.path}`))

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { RunOutcome, RunRequest } from '../../../core/engine/index.ts'
import type { EventName, EventOf, RunEvent } from '../../../core/events/index.ts'

/**
 * The program as it runs: by dynamic import, as the registry loads modules. Mocha loads tests by `require`, and what they
 * import statically would be a second copy with other classes.
 */
export async function program() {
  const [engine, connection, inventory, playbook, secrets, modules, module, define, arg, errors] = await Promise.all([
    import('../../../core/engine/index.ts'),
    import('../../../core/connection/index.ts'),
    import('../../../core/inventory/index.ts'),
    import('../../../core/playbook/index.ts'),
    import('../../../core/secrets/index.ts'),
    import('../../../modules/index.ts'),
    import('../../../core/module/types.ts'),
    import('../../../core/module/define.ts'),
    import('../../../core/module/arg.ts'),
    import('../../../core/module/registry.ts'),
  ])
  return {
    ...engine,
    ...connection,
    ...inventory,
    ...playbook,
    ...secrets,
    ...modules,
    ...module,
    ...define,
    ...arg,
    ...errors,
  }
}

export interface Ran extends RunOutcome {
  readonly events: readonly RunEvent[]
  of<N extends EventName>(name: N): EventOf<N>[]
  /** Statuses of one host: `task name: status`, in order. */
  statuses(host: string): string[]
  /** Texts of debug and failures of one host, in order. */
  messages(host: string): unknown[]
}

export interface RunOptions extends Partial<RunRequest> {
  /** INI text; the default is h1, h2 and h3 on this machine. */
  readonly hosts?: string
}

export const THREE = '[all:vars]\nansible_connection=local\n[all]\nh1\nh2\nh3\n'

/** Runs a playbook from a file, with the modules that ship and connections that are real. */
export async function runFile(file: string, options: RunOptions = {}): Promise<Ran> {
  const { builtinModules, connectionPool, createRedactor, loadInclude, loadInventory, loadPlaybook, run } =
    await program()
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-engine-'))
  const { hosts = THREE, ...request } = options
  const pool = connectionPool({ graceMs: 300 })
  const events: RunEvent[] = []
  try {
    writeFileSync(join(folder, 'inventory'), hosts)
    const { inventory, diagnostics } = await loadInventory([join(folder, 'inventory')], {
      playbookFolders: [dirname(file)],
    })
    const registry = request.registry ?? builtinModules
    const loaded = await loadPlaybook(file, { registry })
    const wrong = [...diagnostics, ...loaded.diagnostics].filter((one) => one.severity === 'error')
    if (!loaded.playbook || wrong.length > 0) throw new Error(wrong.map((one) => one.message).join('; '))
    const outcome = await run({
      playbooks: [loaded.playbook],
      inventory,
      registry,
      pool,
      redactor: createRedactor(),
      listeners: [(event) => events.push(event)],
      loadInclude: (include, target, rendered) => loadInclude(include, target, { registry }, rendered),
      ...request,
    })
    return { ...outcome, events, ...views(events) }
  } finally {
    await pool.closeAll()
    rmSync(folder, { recursive: true })
  }
}

/** The same for a text. Facts are not gathered unless the text says so. */
export async function runText(
  text: string,
  options: RunOptions & { files?: Record<string, string> } = {},
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-play-'))
  const { files = {}, ...rest } = options
  try {
    writeFileSync(join(folder, 'play.yml'), text)
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    return await runFile(join(folder, 'play.yml'), rest)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** One play of tasks on h1. */
export const play = (tasks: string, head = 'hosts: h1'): string =>
  `- ${head.split('\n').join('\n  ')}\n  gather_facts: no\n  tasks:\n${tasks.replace(/^/gm, '    ')}\n`

function views(events: readonly RunEvent[]): Pick<Ran, 'of' | 'statuses' | 'messages'> {
  const of = <N extends EventName>(name: N): EventOf<N>[] =>
    events.filter((one): one is EventOf<N> => one.event === name)
  const names = new Map(of('task_started').map((one) => [one.task, one.name]))
  return {
    of,
    statuses: (host) =>
      of('host_result').flatMap((one) => (one.host === host ? [`${names.get(one.task)}: ${one.status}`] : [])),
    messages: (host) => {
      const looped = new Set(of('host_item').map((one) => `${one.task} ${one.host}`))
      return events.flatMap((one) => {
        if (one.event !== 'host_result' && one.event !== 'host_item') return []
        if (one.host !== host || one.status === 'skipped') return []
        if (one.event === 'host_result' && looped.has(`${one.task} ${one.host}`)) return []
        return one.result?.msg === undefined ? [] : [one.result.msg]
      })
    },
  }
}

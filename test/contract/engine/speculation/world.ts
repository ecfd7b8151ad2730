import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import type { ConnectionPool } from '../../../../core/connection/types.ts'
import type { SpeculationOptions } from '../../../../core/engine/request.ts'
import type { RunEvent } from '../../../../core/events/index.ts'
import type { ModuleRegistry } from '../../../../core/module/registry.ts'
import type { AnyModule } from '../../../../core/module/types.ts'
import { program } from '../../../unit/engine/harness.ts'
import { withModules } from '../../../unit/engine/modules.ts'
import { type Sshd, startSshd } from '../../sshd.ts'
import { type Observed, observe } from './observed.ts'
import { type Script, watchScripts } from './scripts.ts'

export const HOSTS = ['h1', 'h2', 'h3'] as const

/** Files by their path below the world's folder; a folder ends with `/`. */
export type Files = Readonly<Record<string, string>>

/** A playbook, the files it starts from, and what goes on beside it. */
export interface Scene {
  /** Plays as data, or a text. */
  readonly plays: unknown
  readonly files?: Files
  /** Somebody else: files that are written some time after a task began or was tried, in milliseconds. */
  readonly beside?: {
    readonly at: 'task_started' | 'host_started' | 'host_retry' | 'host_item'
    readonly task: string
    readonly ms: number
    readonly files: readonly string[]
  }
  readonly check?: boolean
  readonly forks?: number
  /** A fourth host, which nobody reaches. */
  readonly gone?: boolean
}

export interface Seen extends Observed {
  readonly scripts: readonly Script[]
  /** Round trips: batches of scripts that were sent. */
  readonly writes: number
}

/**
 * One sshd that is three hosts, each with a folder of its own and one for all of them; the connections stay open from run
 * to run. `home` and `shared` are variables of the hosts, `ctl` is the folder of the playbook.
 */
export class World {
  readonly folder: string
  /** A user whom root may become. */
  readonly other: string
  readonly #sshd: Sshd
  readonly #pool: ConnectionPool
  readonly #registry: ModuleRegistry

  private constructor(sshd: Sshd, pool: ConnectionPool, registry: ModuleRegistry) {
    this.#sshd = sshd
    this.#pool = pool
    this.#registry = registry
    this.other = sshd.user('other')
    this.folder = mkdtempSync(join(tmpdir(), 'virtfleet-ahead-'))
    chmodSync(this.folder, 0o755)
  }

  /** `modules` exist besides those that ship. */
  static async open(modules: readonly AnyModule[] = []): Promise<World> {
    const { connectionPool } = await program()
    const sshd = await startSshd({ users: { other: { shell: '/bin/sh' } } })
    return new World(sshd, connectionPool({ graceMs: 300 }), await withModules(...modules))
  }

  async close(): Promise<void> {
    await this.#pool.closeAll()
    await this.#sshd.stop()
    rmSync(this.folder, { recursive: true })
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  /** Runs the scene from its beginning. */
  async run(scene: Scene, speculation: SpeculationOptions): Promise<Seen> {
    this.#set(scene)
    return this.again(scene, speculation)
  }

  /** Runs it once more on what the last run left. */
  async again(scene: Scene, speculation: SpeculationOptions): Promise<Seen> {
    const { createRedactor, loadInclude, loadInventory, loadPlaybook, run } = await program()
    const registry = this.#registry
    const file = this.path('ctl', 'play.yml')
    const { inventory } = await loadInventory([this.path('inventory')], { playbookFolders: [dirname(file)] })
    const { playbook, diagnostics } = await loadPlaybook(file, { registry })
    const wrong = diagnostics.filter((one) => one.severity === 'error')
    if (!playbook || wrong.length > 0) throw new Error(wrong.map((one) => one.message).join('; '))
    const events: RunEvent[] = []
    const watch = await watchScripts()
    const actor = this.#actor(scene)
    try {
      const outcome = await run({
        playbooks: [playbook],
        inventory,
        registry,
        pool: this.#pool,
        redactor: createRedactor(),
        listeners: [(event) => void events.push(event), actor.listener],
        loadInclude: (include, target, rendered) => loadInclude(include, target, { registry }, rendered),
        speculation,
        check: scene.check ?? false,
        forks: scene.forks ?? 50,
      })
      return { ...observe(events, outcome, this.folder), scripts: watch.scripts, writes: watch.writes }
    } finally {
      actor.end()
      watch.end()
    }
  }

  /** Acts once. */
  #actor({ beside }: Scene): { listener: (event: RunEvent) => void; end: () => void } {
    let task: string | undefined
    let timer: NodeJS.Timeout | undefined
    const listener = (event: RunEvent): void => {
      if (!beside || timer) return
      if (event.event === 'task_started' && event.name === beside.task) task = event.task
      if (event.event !== beside.at || event.task !== task) return
      const act = (): void => {
        for (const name of beside.files) writeFileSync(this.path(name), 'from outside\n')
      }
      timer = setTimeout(act, beside.ms)
      if (beside.ms === 0) act()
    }
    return { listener, end: () => clearTimeout(timer) }
  }

  #set({ plays, files = {}, gone = false }: Scene): void {
    for (const name of readdirSync(this.folder)) rmSync(this.path(name), { recursive: true })
    for (const name of ['ctl', 'shared', 'log', ...HOSTS]) {
      mkdirSync(this.path(name))
      chmodSync(this.path(name), 0o777)
    }
    const text = typeof plays === 'string' ? plays : stringify(plays, { aliasDuplicateObjects: false })
    for (const [name, content] of Object.entries({
      ...files,
      'ctl/play.yml': text,
      inventory: this.#inventory(gone),
    })) {
      const path = this.path(name)
      if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true })
      if (name.endsWith('/')) mkdirSync(path, { recursive: true })
      else writeFileSync(path, content)
    }
  }

  #inventory(gone: boolean): string {
    const { port, keyFile, hostKey } = this.#sshd
    return [
      '[all:vars]',
      'ansible_host=127.0.0.1',
      `ansible_port=${port}`,
      'ansible_user=root',
      `ansible_ssh_private_key_file=${keyFile}`,
      `virtfleet_host_key="${hostKey.split(' ').slice(0, 2).join(' ')}"`,
      'ansible_ssh_retries=0',
      `home="${this.folder}/{{ inventory_hostname }}"`,
      `shared=${this.path('shared')}`,
      `ctl=${this.path('ctl')}`,
      `log="${this.folder}/log/{{ inventory_hostname }}"`,
      `other=${this.other}`,
      '[all]',
      ...HOSTS,
      ...(gone ? ['gone ansible_port=1'] : []),
    ].join('\n')
  }
}

import { randomBytes } from 'node:crypto'
import pLimit, { type LimitFunction } from 'p-limit'
import { EventStream } from '../events/stream.ts'
import type { Diagnostic } from '../language/diagnostic.ts'
import { builtinGlobals, defaultEnvironment } from '../language/index.ts'
import type { Environment } from '../language/types.ts'
import type { AnyModule } from '../module/types.ts'
import { type Readings, readingsOf } from '../playbook/readings.ts'
import type { Step, Task } from '../playbook/types.ts'
import { Taints } from './check/taints.ts'
import { FileCache } from './host/file-cache.ts'
import { Sessions } from './host/sessions.ts'
import { vaultOpener } from './host/vaulted.ts'
import { HostRecord } from './host-record.ts'
import { InterruptState } from './interrupt.ts'
import { InventoryView } from './inventory-view.ts'
import type { RunRequest } from './request.ts'
import { told } from './speculation/acts.ts'
import { Speculation } from './speculation/speculation.ts'
import { Stats } from './stats.ts'
import type { OnceDone } from './steps/once.ts'
import { HostVariables } from './variables/hostvars.ts'

/** What lives as long as the run. */
export class Run {
  readonly request: RunRequest
  readonly id: string
  readonly events: EventStream
  readonly stats = new Stats()
  readonly inventory: InventoryView
  readonly hosts: HostRecords
  readonly sessions: Sessions
  readonly interrupts = new InterruptState()
  readonly taints = new Taints()
  readonly hostvars: HostVariables
  readonly speculation: Speculation
  readonly fileCache: FileCache
  /** Value of `omit`: no text of a user's is the same. */
  readonly omit = `__omit_place_holder__${randomBytes(16).toString('hex')}`
  readonly check: boolean
  readonly diff: boolean
  readonly forks: number
  readonly limit: LimitFunction
  /** An error of the playbook's that was found on the way: the run ends, and not because of a host. */
  error = false
  /** The first task was reached, where --start-at-task names it. */
  started: boolean
  /** Tasks that run once for a whole batch: what came of them. */
  readonly once = new Map<string, Promise<OnceDone>>()
  /** Tasks of which the events know already. */
  readonly announced = new Set<string>()
  /** Why the run goes no further, though it is neither interrupted nor wrong. */
  halted = false
  /** The step that --start-at-task means. */
  startStep: Step | undefined
  /** Those that were loaded, by the names by which tasks call them. */
  readonly modules = new Map<string, AnyModule>()
  readonly #environments = new Map<string, Environment>()
  readonly #environmentsOf = new WeakMap<readonly string[], Environment>()
  readonly #taskIds = new Map<string, string>()
  /** Made when a module first asks. */
  #readings: Readings | undefined

  constructor(request: RunRequest) {
    this.request = request
    this.id = request.runId ?? randomBytes(8).toString('hex')
    this.check = request.check ?? false
    this.diff = request.diff ?? false
    this.forks = request.forks ?? 50
    this.limit = pLimit(this.forks)
    this.started = request.startAtTask === undefined
    this.events = new EventStream({
      run: this.id,
      listeners: request.listeners,
      redaction: request.redactor,
      now: request.now ?? (() => new Date()),
      onListenerError: (error) => request.log?.('error', 'an event listener failed', { error: String(error) }),
    })
    this.inventory = new InventoryView(request.inventory)
    this.hosts = new HostRecords(this.inventory)
    this.hostvars = new HostVariables(this)
    this.sessions = new Sessions(this)
    this.fileCache = new FileCache(vaultOpener(request))
    this.speculation = new Speculation(this, request.speculation)
  }

  /** Whether somebody may look at this part of what a task answers with. */
  wantsResult({ register, loop, until, failedWhen }: Task, path: readonly string[]): boolean {
    const { showsResults = true, playbooks, inventory, extraVars } = this.request
    // A failure shows everything; items of a loop are read by other names.
    if (showsResults || failedWhen || until.length > 0 || loop) return true
    if (register === undefined) return false
    this.#readings ??= readingsOf(playbooks, { inventory, extraVariables: extraVars })
    return this.#readings.reads(register, path)
  }

  /** The language's environment with these folders; shared by all scopes that have them. */
  environment(folders: readonly string[]): Environment {
    const known = this.#environmentsOf.get(folders)
    if (known) return known
    const key = folders.join('\n')
    let environment = this.#environments.get(key)
    if (!environment) {
      const { decrypt } = this.request
      const plain = defaultEnvironment({
        folders,
        globals: builtinGlobals,
        signal: this.interrupts.soft,
        ...(decrypt && { vault: { decrypt } }),
      })
      environment = told(plain, this.speculation.ledger)
      this.#environments.set(key, environment)
    }
    this.#environmentsOf.set(folders, environment)
    return environment
  }

  /** Undefined for a name that is not known. */
  async load(name: string): Promise<AnyModule | undefined> {
    const module = this.modules.get(name) ?? (await this.request.registry.load(name))
    if (module) this.modules.set(name, module)
    return module
  }

  /** A task's id in the events: the same place in the same inclusion gives the same id on all hosts. */
  taskId(key: string): string {
    let id = this.#taskIds.get(key)
    if (id === undefined) {
      id = `t${this.#taskIds.size + 1}`
      this.#taskIds.set(key, id)
    }
    return id
  }

  /** Whether --start-at-task has been reached; true without one. */
  reached(step: Step): boolean {
    if (step === this.startStep) this.started = true
    return this.started
  }

  diagnose(diagnostics: readonly Diagnostic[]): void {
    for (const d of diagnostics) this.events.emit({ event: 'diagnostic', ...d })
  }
}

/** Records of hosts, made when a host is first spoken of: delegation may name one outside the inventory. */
export class HostRecords {
  readonly #records = new Map<string, HostRecord>()
  readonly #inventory: InventoryView

  constructor(inventory: InventoryView) {
    this.#inventory = inventory
  }

  of(name: string): HostRecord {
    let record = this.#records.get(name)
    if (!record) {
      const { inventory } = this.#inventory
      record = new HostRecord(name, () => inventory.layers(name))
      this.#records.set(name, record)
    }
    return record
  }

  all(): HostRecord[] {
    return [...this.#records.values()]
  }

  forgetInventory(): void {
    for (const record of this.#records.values()) record.forgetInventory()
  }
}

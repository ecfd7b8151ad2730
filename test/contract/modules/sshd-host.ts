import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { z } from 'zod'
import { type Become, type ConnectionPool, connectionPool } from '../../../core/connection/index.ts'
import { FileCache } from '../../../core/engine/host/file-cache.ts'
import { TaskFiles } from '../../../core/engine/host/files.ts'
import { TaskHost } from '../../../core/engine/host/task-host.ts'
import { LayeredScope } from '../../../core/engine/variables/scope.ts'
import type { Json, JsonObject } from '../../../core/events/json.ts'
import { defaultEnvironment, fromJson, type Value } from '../../../core/language/index.ts'
import type { Change, RunModule, StateModule } from '../../../core/module/types.ts'
import { type Sshd, startSshd } from '../sshd.ts'

export interface HostOptions {
  readonly become?: Become
  readonly variables?: JsonObject
  readonly shellPath?: string
  readonly user?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Modules against this machine over a real sshd, with the host that the engine gives them. */
export class SshdHost {
  /** A folder of the "host". */
  readonly root = mkdtempSync(join(tmpdir(), 'virtfleet-host-'))
  /** A folder of the controller: playbook, files/, templates/. */
  readonly playbook = mkdtempSync(join(tmpdir(), 'virtfleet-play-'))
  #sshd!: Sshd
  readonly #pool: ConnectionPool = connectionPool({ graceMs: 1000 })

  async start(options: Parameters<typeof startSshd>[0] = {}): Promise<void> {
    this.#sshd = await startSshd(options)
  }

  async stop(): Promise<void> {
    await this.#pool.closeAll()
    await this.#sshd.stop()
    for (const folder of [this.root, this.playbook]) rmSync(folder, { recursive: true, force: true })
  }

  user(name: string): string {
    return this.#sshd.user(name)
  }

  host(options: HostOptions = {}, check = false): TaskHost {
    const { shellPath = '/bin/sh', user = 'root', variables = {} } = options
    const endpoint = this.#sshd.endpoint({ name: `${user}-${shellPath}`, user, shellPath })
    const layer = new Map<string, Value>()
    for (const [name, value] of Object.entries(variables)) if (value !== undefined) layer.set(name, fromJson(value))
    return new TaskHost({
      name: endpoint.name,
      scope: new LayeredScope([layer], defaultEnvironment()),
      signal: new AbortController().signal,
      check,
      wantsDiff: true,
      wantsResult: () => true,
      become: options.become,
      environment: new Map(Object.entries(options.environment ?? {})),
      files: new TaskFiles([this.playbook], new FileCache((content) => content)),
      shielded: false,
      connect: () => this.#pool.get(endpoint),
      reconnect: () => this.#pool.forget(endpoint.name),
      opened: () => undefined,
      begin: () => () => undefined,
      sent: () => undefined,
      handOver: () => undefined,
      progress: () => undefined,
      line: () => undefined,
      secret: () => undefined,
    })
  }

  /** Probe and diff: what check mode does. */
  async check<A, S, R extends JsonObject>(
    module: StateModule<A, S, R>,
    input: Json,
    options: HostOptions = {},
  ): Promise<readonly Change[]> {
    const args = (module.args as z.ZodType<A>).parse(input)
    return module.diff(await module.probe(this.host(options, true), args), args)
  }

  /** One task as the engine runs it: the changes made, those left, and the result. */
  async apply<A, S, R extends JsonObject>(
    module: StateModule<A, S, R>,
    input: Json,
    options: HostOptions = {},
  ): Promise<{ changes: readonly Change[]; left: readonly Change[]; result: JsonObject }> {
    const args = (module.args as z.ZodType<A>).parse(input)
    const host = this.host(options)
    const before = await module.probe(host, args)
    const changes = module.diff(before, args)
    const returned = changes.length > 0 ? await module.apply(host, args, before, changes) : undefined
    const after = await module.probe(host, args)
    const left = module.diff(after, args).filter((one) => one.effect === 'now')
    return { changes, left, result: { ...module.result(after, args), ...returned } }
  }

  /** One run of a run module. */
  run<A, R extends JsonObject>(
    module: RunModule<A, R>,
    input: Json,
    options: HostOptions = {},
  ): Promise<R & { changed: boolean }> {
    return module.run(this.host(options), (module.args as z.ZodType<A>).parse(input))
  }
}

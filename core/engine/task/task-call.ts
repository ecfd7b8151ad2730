import type { Json } from '../../events/json.ts'
import { compileExpression, toJson } from '../../language/index.ts'
import type { AnyModule, ControlVariables, Host } from '../../module/types.ts'
import type { Taint, Taints } from '../check/taints.ts'
import { TaskFiles } from '../host/files.ts'
import type { HostMaker } from '../host/task-hosts.ts'
import type { Work } from '../interrupt.ts'
import type { Call, OnWrite } from '../modules/call.ts'
import type { Run } from '../run-state.ts'
import { searchFolders } from '../variables/magic.ts'
import type { LayeredScope } from '../variables/scope.ts'
import { isHarmless } from './conditions.ts'
import type { Groundwork } from './groundwork.ts'
import type { Round } from './round.ts'
import type { Turn } from './turn.ts'

/** One attempt of a task on one host, as the runner of its module sees it. There is one for each, so it has no closures. */
export class TaskCall implements Call {
  readonly #turn: Turn
  readonly #module: AnyModule
  readonly #ground: Groundwork
  readonly #work: Work
  readonly #timer: AbortSignal | undefined
  readonly #round: Round
  /** The module has asked for its host, and the connection is there. */
  #isReached = false

  constructor(
    turn: Turn,
    module: AnyModule,
    ground: Groundwork,
    work: Work,
    timer: AbortSignal | undefined,
    round: Round,
  ) {
    this.#turn = turn
    this.#module = module
    this.#ground = ground
    this.#work = work
    this.#timer = timer
    this.#round = round
  }

  get host(): string {
    return this.#ground.target
  }

  get task(): string {
    return this.#turn.name
  }

  get instance(): string {
    return this.#turn.id
  }

  get args(): Json {
    return this.#ground.args
  }

  get check(): boolean {
    return this.#turn.check
  }

  get diff(): boolean {
    return this.#turn.diff
  }

  /** Once work is shielded, looking at what it came to is part of it. */
  reader(): Host {
    return this.writer(this.#work.shielded)
  }

  writer(shielded: boolean, onWrite?: OnWrite): Host {
    const signal = this.#signal(shielded)
    return this.#hosts().make({ id: this.#turn.id, signal, shielded, onWrite, asker: this })
  }

  reached(): void {
    if (this.#isReached) return
    this.#isReached = true
    this.#run.speculation.reached(this.#turn.host)
  }

  ahead(): void {
    // What runs ahead may be in the way of a task whose time is limited.
    if (this.#timer) return
    const way = { target: this.#ground.target, shell: this.#hosts().shell }
    this.#run.speculation.ahead(this.#turn, this.#module, way, this.#round, this.#isReached)
  }

  behindWrites(): void {
    if (this.#run.speculation.countsBehindWrites(this.#turn)) this.ahead()
  }

  waited(): void {
    this.#run.speculation.waited(this.host, this.#turn.host.name)
  }

  get variables(): ControlVariables {
    return controlVariables(this.#turn, this.#ground.scope)
  }

  shield(): void {
    this.#run.interrupts.soft.throwIfAborted()
    this.#work.shielded = true
  }

  get taints(): Taints | undefined {
    return this.check ? this.#run.taints : undefined
  }

  taint(parts: Pick<Taint, 'local' | 'reach' | 'subjects'>): void {
    this.#run.taints.add({ task: this.task, instance: this.instance, host: this.host, ...parts })
  }

  get harmless(): boolean {
    return isHarmless(this.#turn)
  }

  get #run(): Run {
    return this.#turn.batch.run
  }

  #hosts(): HostMaker {
    const { hosts } = this.#ground
    if (!hosts) throw new Error('control modules have no host')
    return hosts
  }

  #signal(shielded: boolean): AbortSignal {
    const { hard, soft } = this.#run.interrupts
    const signal = shielded ? hard : soft
    return this.#timer ? AbortSignal.any([signal, this.#timer]) : signal
  }
}

function controlVariables({ batch, task }: Turn, scope: LayeredScope): ControlVariables {
  return {
    evaluate: async (expression) => toJson(await compileExpression(expression, task.at).evaluateAsync(scope)),
    verbosity: batch.run.request.verbosity ?? 0,
    get files() {
      return new TaskFiles(searchFolders(batch.play, task), batch.run.fileCache)
    },
  }
}

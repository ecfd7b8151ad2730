import type { LimitFunction } from 'p-limit'
import type { Diagnostic } from '../language/diagnostic.ts'
import type { Variables } from '../language/values.ts'
import type { Play, Step } from '../playbook/types.ts'
import { Notifications } from './handlers/notifications.ts'
import type { HostRecord } from './host-record.ts'
import type { Run } from './run-state.ts'

/** Hosts that go through a play together: all of its hosts, or a part of them with `serial`. */
export class Batch {
  readonly run: Run
  readonly play: Play
  /** Id of the play in the events. */
  readonly playId: string
  readonly number: number
  /** Hosts of the whole play, after --limit. */
  readonly allHosts: readonly string[]
  readonly hosts: readonly string[]
  /** Hosts of the play's pattern, whatever --limit says. */
  readonly pattern: readonly string[]
  /** `lease`: its hosts are to be this run's while it works on them. */
  readonly leases: boolean
  readonly prompted: Variables | undefined
  readonly notifications = new Notifications()
  /** Limits of tasks with `throttle`, by their id in the events. */
  readonly throttles = new Map<string, LimitFunction>()
  /** How often handlers were run. */
  flushes = 0
  /** Hosts that `meta: end_host` or `end_play` took out. */
  readonly ended = new Set<string>()
  /** Those of the play, then those that includes brought. */
  readonly handlers: Step[]
  /** Why no host goes on: any_errors_fatal, the failure budget. */
  halted: string | undefined
  /** `meta: end_play`: no further batch. */
  endsPlay = false
  readonly #varsFiles = new Map<string, readonly Variables[]>()

  constructor(parts: {
    run: Run
    play: Play
    playId: string
    number: number
    allHosts: readonly string[]
    hosts: readonly string[]
    pattern: readonly string[]
    leases: boolean
    prompted: Variables | undefined
  }) {
    this.run = parts.run
    this.play = parts.play
    this.playId = parts.playId
    this.number = parts.number
    this.allHosts = parts.allHosts
    this.hosts = parts.hosts
    this.pattern = parts.pattern
    this.leases = parts.leases
    this.prompted = parts.prompted
    this.handlers = [...parts.play.handlers]
  }

  /** Whether a host takes part in what comes next. */
  isAlive(name: string): boolean {
    const host = this.run.hosts.of(name)
    return !host.failed && !host.unreachable && !this.ended.has(name)
  }

  /** At most one host takes part in what comes next. */
  get isAlone(): boolean {
    let others = 0
    for (const name of this.hosts) if (this.isAlive(name) && ++others > 1) return false
    return true
  }

  /** The first host that takes part. */
  get first(): string | undefined {
    return this.hosts.find((name) => this.isAlive(name))
  }

  alive(): HostRecord[] {
    return this.hosts.filter((name) => this.isAlive(name)).map((name) => this.run.hosts.of(name))
  }

  playHostsLeft(): string[] {
    return this.allHosts.filter((name) => this.isAlive(name))
  }

  varsFiles(host: string): readonly Variables[] {
    return this.#varsFiles.get(host) ?? []
  }

  setVarsFiles(host: string, files: readonly Variables[]): void {
    this.#varsFiles.set(host, files)
  }

  diagnose(diagnostics: readonly Diagnostic[]): void {
    this.run.diagnose(diagnostics)
    if (diagnostics.some((one) => one.severity === 'error')) this.run.error = true
  }

  /** Nothing more is to be started. */
  get stopped(): boolean {
    return this.halted !== undefined || this.run.interrupts.interrupted
  }
}

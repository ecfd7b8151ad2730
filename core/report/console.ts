import type { EventListener, EventOf, RunEvent } from '../events/types.ts'
import { foldHosts } from './hosts.ts'
import { LiveBlock, type LiveLine, type Terminal } from './live.ts'
import { createPaint, type Paint } from './paint.ts'
import { oneLine, printable } from './printable.ts'
import { type Failure, failureLines, recapLines } from './recap.ts'
import { statusLines } from './status-lines.ts'
import { matters, taskText, titleOf } from './task-text.ts'
import { TaskView } from './task-view.ts'

export interface ConsoleOptions {
  readonly terminal: Terminal
  /** Redraw a block at the bottom: only where somebody looks. */
  readonly live: boolean
  readonly colour: boolean
  readonly verbosity: number
  /** Excerpt of the place of a diagnostic, if its file can be read. */
  readonly excerpt?: (event: EventOf<'diagnostic'>) => string | undefined
}

const FRAME_MS = 100

/** What a person sees of a run. Call `close` when it is over, however it ended. */
export interface ConsoleReport {
  readonly listener: EventListener
  close(): void
}

export function consoleReport(options: ConsoleOptions): ConsoleReport {
  const view = new ConsoleView(options)
  return { listener: (event) => view.take(event), close: () => view.close() }
}

class ConsoleView {
  readonly #options: ConsoleOptions
  readonly #paint: Paint
  readonly #block: LiveBlock
  readonly #tasks = new Map<string, TaskView>()
  #timer: NodeJS.Timeout | undefined
  #check = false
  #diff = false
  #notice: string | undefined
  /** For the end of the run, when they have scrolled away. */
  readonly #failures: Failure[] = []
  /** Tasks in a row of which there is nothing to say. */
  #quiet = 0

  constructor(options: ConsoleOptions) {
    this.#options = options
    this.#paint = createPaint(options.colour)
    this.#block = new LiveBlock(options.terminal)
    if (options.live) this.#timer = setInterval(() => this.#block.update(this.#status()), FRAME_MS)
    this.#timer?.unref()
  }

  take(event: RunEvent): void {
    switch (event.event) {
      case 'run_started':
        this.#check = event.check
        this.#diff = event.diff
        if (event.check) this.#print([this.#paint.magenta('check mode: nothing is changed')])
        break
      case 'diagnostic':
        this.#print(this.#diagnostic(event))
        break
      case 'play_started':
        this.#flush()
        this.#print([
          '',
          this.#paint.bold(`▸ ${oneLine(event.name, 200)}`) +
            this.#paint.dim(`  ${event.hosts.length} host${event.hosts.length === 1 ? '' : 's'}`),
        ])
        break
      case 'batch_started':
        this.#flush()
        if (event.batch > 1) this.#print([this.#paint.dim(`  batch ${event.batch}: ${event.hosts.length} hosts`)])
        break
      case 'task_started':
        this.#tasks.set(event.task, new TaskView(event))
        break
      case 'host_started':
        this.#tasks.get(event.task)?.begin(event)
        break
      case 'host_progress':
        this.#tasks.get(event.task)?.progress.set(event.host, { message: event.message, percent: event.percent })
        break
      case 'host_line':
        if (this.#options.verbosity > 0)
          this.#print([`      ${this.#paint.dim(`${printable(event.host)} │`)} ${oneLine(event.line, 2000)}`])
        break
      case 'host_item':
        this.#tasks.get(event.task)?.item(event)
        break
      case 'host_result':
        this.#result(event)
        break
      case 'interrupted':
        this.#interrupted(event)
        break
      case 'play_finished':
        this.#flush()
        break
      case 'run_finished':
        this.#flush()
        this.#notice = undefined
        this.#print([...failureLines(this.#failures, this.#paint), ...recapLines(event, this.#paint)])
        break
      default:
        break
    }
  }

  close(): void {
    clearInterval(this.#timer)
    if (this.#options.live) this.#block.close()
  }

  #result(event: EventOf<'host_result'>): void {
    const view = this.#tasks.get(event.task)
    if (!view) return
    view.finish(event)
    if ((event.status === 'failed' || event.status === 'unreachable') && !event.ignored && !event.rescued) {
      const reason = printable(view.results.at(-1)?.message ?? event.status).split('\n')[0]!
      this.#failures.push({ host: event.host, task: titleOf(view.started), reason })
    }
    if (view.done) this.#finish(view)
  }

  #finish(view: TaskView): void {
    this.#tasks.delete(view.started.task)
    if (this.#options.verbosity === 0 && !matters(view)) {
      this.#quiet++
      return
    }
    this.#printQuiet()
    const { verbosity } = this.#options
    this.#print(taskText(view, { paint: this.#paint, verbosity, diff: this.#diff, check: this.#check }))
  }

  /** Tasks that some hosts never finished, and the ones of which there is nothing to say. */
  #flush(): void {
    for (const view of [...this.#tasks.values()]) if (view.results.length > 0) this.#finish(view)
    this.#tasks.clear()
    this.#printQuiet()
  }

  #printQuiet(): void {
    if (this.#quiet > 0)
      this.#print([this.#paint.dim(`  ✓ ${this.#quiet} task${this.#quiet === 1 ? '' : 's'} with nothing to change`)])
    this.#quiet = 0
  }

  #interrupted(event: EventOf<'interrupted'>): void {
    const waiting = this.#waiting(event)
    const text =
      event.level === 2
        ? 'interrupted again: ending what runs on the hosts'
        : waiting.length === 0
          ? 'interrupted: nothing new is started'
          : `interrupted: nothing new is started; waiting for ${waiting.join(', ')} (interrupt again to end it)`
    this.#notice = text
    this.#print([this.#paint.red(text)])
  }

  /** Who must still end, by task. */
  #waiting(event: EventOf<'interrupted'>): string[] {
    const byTask = new Map<string, string[]>()
    for (const { task, host } of event.waiting_for) byTask.set(task, [...(byTask.get(task) ?? []), host])
    return [...byTask].map(([task, hosts]) => {
      const started = this.#tasks.get(task)?.started
      return `${started ? titleOf(started) : 'a task'} on ${foldHosts(hosts)}`
    })
  }

  #diagnostic(event: EventOf<'diagnostic'>): string[] {
    const tint =
      event.severity === 'error' ? this.#paint.red : event.severity === 'warning' ? this.#paint.yellow : this.#paint.dim
    const excerpt = this.#options.excerpt?.(event)
    if (excerpt !== undefined) return excerpt.split('\n')
    const where = event.at ? `${oneLine(event.at.file, 400)}:${event.at.line}:${event.at.column}: ` : ''
    const hint = event.hint === undefined ? [] : [this.#paint.dim(`  hint: ${printable(event.hint)}`)]
    return [`${where}${tint(event.severity)}: ${printable(event.message)}`, ...hint]
  }

  #print(lines: readonly string[]): void {
    if (this.#options.live) this.#block.print(lines, this.#status())
    else this.#options.terminal.write(lines.map((line) => `${line}\n`).join(''))
  }

  #status(): LiveLine[] {
    return statusLines([...this.#tasks.values()], Date.now(), this.#notice, this.#paint)
  }
}

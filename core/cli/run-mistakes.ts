import { randomUUID } from 'node:crypto'
import { EventStream } from '../events/index.ts'
import { type Diagnostic, sortDiagnostics } from '../language/index.ts'
import { ndjsonReport } from '../report/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { printDiagnostics } from './diagnostics.ts'
import { EXIT } from './exit.ts'
import type { RunFlags } from './run-flags.ts'
import type { Streams } from './streams.ts'
import { VERSION } from './version.ts'

/** A run that never began: all its mistakes, for people on stderr, for programs as a run of its own that ends at once. */
export function reportMistakes(
  diagnostics: readonly Diagnostic[],
  playbooks: readonly string[],
  flags: RunFlags,
  streams: Streams,
  redactor: Redactor,
): number {
  const sorted = sortDiagnostics(diagnostics)
  if (flags.output === 'ndjson') {
    const stream = new EventStream({
      run: randomUUID(),
      listeners: [ndjsonReport((text) => streams.out.write(text))],
      redaction: redactor,
      now: () => new Date(),
    })
    stream.emit({
      event: 'run_started',
      version: VERSION,
      playbooks: [...playbooks],
      check: flags.check ?? false,
      diff: flags.diff ?? false,
    })
    for (const one of sorted) stream.emit({ event: 'diagnostic', ...one })
    stream.emit({ event: 'run_finished', stats: {}, undecided: {}, exit_code: EXIT.unparsable, duration_ms: 0 })
  } else {
    printDiagnostics(sorted, streams, { notes: true, redact: (text) => redactor.text(text) })
    const errors = sorted.filter((one) => one.severity === 'error').length
    streams.err.write(`${errors} mistake${errors === 1 ? '' : 's'}; no host was touched\n`)
  }
  return EXIT.unparsable
}

import { chart, written } from './chart.ts'
import { FIGURES, type Figure, type FigureName, type Figures, reached } from './names.ts'
import type { Finding, Scenario } from './scenario.ts'

/** A scenario's end: what it found, or why it found nothing. */
export interface Ran {
  readonly scenario: Pick<Scenario, 'name' | 'summary'>
  readonly finding?: Finding
  readonly failure?: string
}

/** `floor_ratio_20  1.53  at most 1.6, reached`, for people who wait at a terminal. */
export function summary(figures: Figures): string {
  return entries(figures)
    .map(([name, value]) => `${name.padEnd(26)} ${written(value).padStart(8)}  ${goal(name, value)}`.trimEnd())
    .join('\n')
}

function goal(name: FigureName, value: number): string {
  const { most, least }: Figure = FIGURES[name]
  if (most === undefined && least === undefined) return ''
  const wanted = most === undefined ? `at least ${least}` : `at most ${most}`
  return `${wanted}: ${reached(name, value) ? 'reached' : 'missed'}`
}

const entries = (figures: Figures): [FigureName, number][] => Object.entries(figures) as [FigureName, number][]

/** docs/benchmarks.md. */
export function page(ran: readonly Ran[], conditions: readonly (readonly [string, string])[]): string {
  const parts = ran.map(({ scenario, finding, failure }) => {
    const title = `## ${scenario.name}: ${scenario.summary}\n`
    if (!finding) return `${title}\nNot measured: ${failure}\n`
    const charts = (finding.charts ?? []).map(
      (one) => `\n${one.title}:\n\n\`\`\`text\n${chart(one.bars, one.unit)}\n\`\`\`\n`,
    )
    const notes = finding.notes.map((note) => `\n${note}\n`)
    return `${title}${charts.join('')}\n${table(finding.figures)}${notes.join('')}`
  })
  return `${HEAD}${parts.join('\n')}
## Conditions

| | |
| --- | --- |
${conditions.map(([name, value]) => `| ${name} | ${value} |\n`).join('')}`
}

function table(figures: Figures): string {
  const rows = entries(figures).map(
    ([name, value]) => `| \`${name}\` | ${written(value)} | ${goal(name, value)} | ${FIGURES[name].means} |\n`,
  )
  return `| figure | value | goal | what it is |\n| --- | --- | --- | --- |\n${rows.join('')}`
}

const HEAD = `# Benchmarks

Written by \`npm run bench\`; bench/ has the code. Each figure comes from runs of virtfleet and of its peers on the same machine, one after
the other, round after round. A run is a whole process, from its start to its end: nothing is warm but the page cache. Figures are
medians, and ratios are the median of the rounds' ratios. \`npm run bench -- --quick --json\` prints the same names as JSON.

The hosts are accounts of one real sshd in a network of its own on the same machine, which therefore carries both ends of every
connection. The peers: **ansible** is ansible-core with pipelining, a fork a host and ControlPersist; **mitogen** is the same with Mitogen;
**parallel-ssh** runs one hand-written script a host; the **floor** is the same script by one ssh2 connection a host from a small Node.js
program: what the work costs at least.

`

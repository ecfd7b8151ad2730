import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LabError } from '../lab/errors.ts'
import { conditions, load } from './conditions.ts'
import { Farm } from './farm/farm.ts'
import { endMeasured } from './measure.ts'
import type { Figures } from './names.ts'
import { newerAnsibleRoot, newerAnsibleVersion } from './newer-ansible.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { ensureBenchPackages } from './packages.ts'
import { page, type Ran, summary } from './report.ts'
import type { Bench, Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'
import { rounded } from './statistics.ts'

const PAGE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url))

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const farms = new Set<Farm>()

async function endFarms(): Promise<void> {
  for (const farm of farms) await farm.stop()
  farms.clear()
}

/** Runs one scenario and ends the farms that it started. */
async function runOne(scenario: Scenario, options: Options, newerAnsible: string | undefined): Promise<Ran> {
  const bench: Bench = {
    quick: options.quick,
    newerAnsible,
    say: (text) => say(`  ${text}`),
    farm: async (wanted) => {
      const farm = await Farm.start(wanted)
      farms.add(farm)
      return farm
    },
  }
  const begin = Date.now()
  say(`${scenario.name}: ${scenario.summary} (load ${load()})`)
  try {
    const finding = await scenario.run(bench)
    const seconds = Math.round((Date.now() - begin) / 1000)
    say(`  ${seconds} s`)
    return { scenario, finding: { ...finding, notes: [...finding.notes, `Load after it: ${load()}.`] } }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error)
    say(`  failed: ${failure}`)
    return { scenario, failure: failure.split('\n')[0] ?? '' }
  } finally {
    await endFarms()
  }
}

async function main(): Promise<number> {
  const options = readOptions(
    process.argv.slice(2),
    SCENARIOS.map(({ name }) => name),
  )
  if (process.getuid?.() !== 0)
    throw new Error('the benchmarks need root: they make network namespaces and accounts in them')
  const wanted = SCENARIOS.filter(({ name, fullOnly }) =>
    options.scenarios.length > 0 ? options.scenarios.includes(name) : !(options.quick && fullOnly),
  )
  const packages = [...new Set(wanted.flatMap((scenario) => scenario.packages))].sort()
  await ensureBenchPackages(packages, options.yes)
  const newer = options.quick ? undefined : await newerAnsibleRoot(say)
  const about = await conditions(packages)
  if (newer !== undefined) about.push(['ansible (newer)', await newerAnsibleVersion(newer)])
  const ran: Ran[] = []
  for (const [i, scenario] of wanted.entries()) {
    ran.push(await runOne(scenario, options, newer))
    const rest = wanted.slice(i + 1).map((one): Ran => ({ scenario: one, failure: 'the run was ended before it' }))
    // Part of the scenarios that somebody chose, or less of each, is no page; a run that is ended keeps what it has.
    if (!options.quick && options.scenarios.length === 0) writeFileSync(PAGE, page([...ran, ...rest], about))
  }
  const figures: Figures = Object.assign({}, ...ran.map(({ finding }) => finding?.figures ?? {}))
  process.stdout.write(`${summary(figures)}\n`)
  if (options.json) {
    const short = Object.entries(figures).map(([name, value]) => [name, rounded(value)])
    process.stdout.write(`${JSON.stringify(Object.fromEntries(short))}\n`)
  }
  return ran.some(({ failure }) => failure !== undefined) ? 1 : 0
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endMeasured()
    const end = (): void => process.exit(signal === 'SIGINT' ? 130 : 143)
    // What was measured removes its own files when it has ended.
    void endFarms().finally(() => setTimeout(end, 200))
  })
}

main().then(
  (status) => {
    process.exitCode = status
  },
  (error: unknown) => {
    if (!(error instanceof Error)) throw error
    const hint = error instanceof LabError ? error.hint : USAGE
    process.stderr.write(`error: ${error.message}\n${hint}\n`)
    process.exitCode = 5
  },
)

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { labPrepare } from '../lab/index.ts'
import { TEST_PACKAGES } from './packages.ts'
import { bin, type Lane, STAGES, type Stage } from './stages.ts'

/*
 * npm test: everything that must be right before a change lands, cheapest first; npm run test:full (--full): what takes longer too. Ends
 * with what failed, once more, as the place where it happened is far above, and the line `N passed, N failed`. Names of stages as
 * arguments run only these.
 */

interface Count {
  passed: number
  skipped: number
  failed: Failure[]
  /** Of each file, in seconds. */
  times: [string, number][]
}

/** What test/reporter.cjs tells of a test, or a command that is a test. */
interface Failure {
  readonly title: string
  readonly file?: string
  readonly reason?: string
}

/** So many of the files that take longest are told: they are what a run's time is made of. */
const SLOWEST = 12

/** Lines of a failure's reason that are worth reading far from where it happened. */
const REASON_LINES = 40

/** Debian packages that the tests use; installed if they are missing. */
function installPackages(): void {
  const query = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...TEST_PACKAGES], {
    encoding: 'utf8',
  })
  const installed = new Set(
    query.stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  )
  const missing = TEST_PACKAGES.filter((name) => !installed.has(name))
  if (missing.length === 0) return
  process.stdout.write(`installing Debian packages for the tests: ${missing.join(' ')}\n`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', ...missing],
  ]) {
    const done = spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
    if (done.status !== 0)
      throw new Error(`apt-get ${args[0]} failed: the tests need root on Debian, and these packages`)
  }
}

async function makeImages(images: NonNullable<Stage['images']>): Promise<void> {
  let last = ''
  await labPrepare(images, ({ step, detail }) => {
    if (step !== last) process.stdout.write(`${step}: ${detail}\n`)
    last = step
  })
}

/** How long a lane may go on once its tests are over: what it does not close would keep it for ever, and all of us with it. */
const LINGER_MS = 60_000

interface HowToRun {
  /** Its output waits until it has ended, as another program writes meanwhile. */
  readonly aside?: boolean
  /** It has done its work once this file is there. */
  readonly leaves?: string
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** Its exit status; `lingers` where it had to be ended though its work was done. */
function execute(argv: readonly string[], how: HowToRun = {}): Promise<number | 'lingers'> {
  const { aside = false, env = {}, leaves } = how
  const [program = '', ...args] = argv
  const out = aside ? 'pipe' : 'inherit'
  const child = spawn(program, args, { stdio: ['ignore', out, out], env: { ...process.env, ...env } })
  const said: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => said.push(bytes))
  let doneAt: number | undefined
  let lingers = false
  const watch = setInterval(() => {
    if (leaves !== undefined && existsSync(leaves)) doneAt ??= Date.now()
    if (doneAt === undefined || Date.now() - doneAt < LINGER_MS) return
    clearInterval(watch)
    lingers = true
    if (child.exitCode === null && child.signalCode === null) killWithChildren(child.pid ?? 0)
    // Its children may have them, too.
    for (const stream of [child.stdout, child.stderr]) stream?.destroy()
  }, 1000)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      clearInterval(watch)
      process.stdout.write(Buffer.concat(said))
      resolve(lingers ? 'lingers' : (code ?? 1))
    })
  })
}

/** Mocha runs the tests in a process below the one that was started. */
function killWithChildren(pid: number): void {
  try {
    const below = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').map(Number)
    for (const one of [pid, ...below]) if (one > 0) process.kill(one, 'SIGKILL')
  } catch {
    // It ended in this moment.
  }
}

async function runLane({ files, env }: Lane, timeout: number, counts: string, aside: boolean): Promise<Count> {
  const options = [
    '--timeout',
    String(timeout),
    '--reporter',
    './test/reporter.cjs',
    '--reporter-option',
    `file=${counts}`,
  ]
  const status = await execute([bin('mocha'), ...options, ...files], { aside, env, leaves: counts })
  const lane = files.join(' ')
  try {
    const { passes, pending, failed, seconds } = JSON.parse(readFileSync(counts, 'utf8')) as {
      passes: number
      pending: number
      failed: Failure[]
      seconds: Record<string, number>
    }
    if (status === 'lingers')
      failed.push({
        title: `mocha ${lane}`,
        reason: 'did not end after its tests: something they opened is not closed',
      })
    else if (status !== 0 && failed.length === 0)
      failed.push({ title: `mocha ${lane}`, reason: `exit status ${status}` })
    return { passed: passes, skipped: pending, failed, times: Object.entries(seconds) }
  } catch (error) {
    return { passed: 0, skipped: 0, failed: [{ title: `mocha ${lane}`, reason: `${status}: ${error}` }], times: [] }
  }
}

const sum = (counts: readonly Count[]): Count => ({
  passed: counts.reduce((total, { passed }) => total + passed, 0),
  skipped: counts.reduce((total, { skipped }) => total + skipped, 0),
  failed: counts.flatMap(({ failed }) => failed),
  times: counts.flatMap(({ times }) => times),
})

async function runMocha({ lanes, timeout }: NonNullable<Stage['mocha']>, folder: string): Promise<Count> {
  return sum(
    await Promise.all(
      lanes.map((lane, i) => runLane(lane, timeout, join(mkdtempSync(join(folder, 'lane-')), 'counts.json'), i > 0)),
    ),
  )
}

async function runCommand(name: string, argv: readonly string[]): Promise<Count> {
  const status = await execute(argv)
  if (status === 0) return { passed: 1, skipped: 0, failed: [], times: [] }
  const failed = [{ title: name, reason: `${argv.join(' ')}: exit status ${status}` }]
  return { passed: 0, skipped: 0, failed, times: [] }
}

const full = process.argv.includes('--full')
const wanted = process.argv.slice(2).filter((argument) => argument !== '--full')
const unknown = wanted.filter((name) => !STAGES.some((stage) => stage.name === name))
if (unknown.length > 0)
  throw new Error(`no stage is named ${unknown.join(', ')}; there are ${STAGES.map((one) => one.name).join(', ')}`)

const folder = mkdtempSync(join(tmpdir(), 'virtfleet-tests-'))
const counts: Count[] = []
try {
  installPackages()
  for (const stage of STAGES) {
    if (wanted.length > 0 ? !wanted.includes(stage.name) : stage.full && !full) continue
    const begin = Date.now()
    process.stdout.write(`\n== ${stage.name}\n`)
    // Where it fails, the tests say so themselves.
    if (stage.images)
      await makeImages(stage.images).catch((error) => process.stdout.write(`no images: ${error.message}\n`))
    const count = stage.mocha ? await runMocha(stage.mocha, folder) : await runCommand(stage.name, stage.command ?? [])
    counts.push(count)
    const slowest = count.times.sort(([, a], [, b]) => b - a).slice(0, SLOWEST)
    for (const [file, seconds] of slowest)
      process.stdout.write(`${String(Math.round(seconds)).padStart(6)} s ${relative(process.cwd(), file)}\n`)
    process.stdout.write(
      `== ${stage.name}: ${count.passed} passed, ${count.failed.length} failed, ${Math.round((Date.now() - begin) / 1000)} s\n`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const { passed, skipped, failed } = sum(counts)
failed.forEach(({ title, file, reason = '' }, i) => {
  const said = reason.split('\n').slice(0, REASON_LINES).join('\n')
  process.stdout.write(`\n${i + 1}) ${title}\n${file ? `${file}\n` : ''}${said}\n`)
})
if (skipped > 0) process.stdout.write(`\n${skipped} skipped, for reasons that the tests say\n`)
process.stdout.write(`\n${passed} passed, ${failed.length} failed\n`)
process.exitCode = failed.length > 0 || passed === 0 ? 1 : 0

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { labPrepare } from '../lab/index.ts'
import { TEST_PACKAGES } from './packages.ts'
import { bin, type Lane, STAGES, type Stage } from './stages.ts'

/*
 * npm test: everything that must be right before a change lands, cheapest first; npm run test:full (--full): what takes longer too. Ends
 * with the line `N passed, N failed`. Names of stages as arguments run only these.
 */

interface Count {
  passed: number
  failed: number
  skipped: number
}

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

interface HowToRun {
  /** Its output waits until it has ended, as another program writes meanwhile. */
  readonly aside?: boolean
  readonly env?: Readonly<Record<string, string>> | undefined
}

function execute(argv: readonly string[], { aside = false, env = {} }: HowToRun = {}): Promise<number> {
  const [program = '', ...args] = argv
  const out = aside ? 'pipe' : 'inherit'
  const child = spawn(program, args, { stdio: ['ignore', out, out], env: { ...process.env, ...env } })
  const said: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => said.push(bytes))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(said))
      resolve(code ?? 1)
    })
  })
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
  const status = await execute([bin('mocha'), ...options, ...files], { aside, env })
  try {
    const { passes, failures, pending } = JSON.parse(readFileSync(counts, 'utf8')) as Record<string, number>
    return { passed: passes ?? 0, failed: Math.max(failures ?? 0, status === 0 ? 0 : 1), skipped: pending ?? 0 }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

async function runMocha({ lanes, timeout }: NonNullable<Stage['mocha']>, folder: string): Promise<Count> {
  const counts = await Promise.all(
    lanes.map((lane, i) => runLane(lane, timeout, join(mkdtempSync(join(folder, 'lane-')), 'counts.json'), i > 0)),
  )
  const sum = (of: (count: Count) => number): number => counts.reduce((total, count) => total + of(count), 0)
  return { passed: sum((one) => one.passed), failed: sum((one) => one.failed), skipped: sum((one) => one.skipped) }
}

const full = process.argv.includes('--full')
const wanted = process.argv.slice(2).filter((argument) => argument !== '--full')
const unknown = wanted.filter((name) => !STAGES.some((stage) => stage.name === name))
if (unknown.length > 0)
  throw new Error(`no stage is named ${unknown.join(', ')}; there are ${STAGES.map((one) => one.name).join(', ')}`)

const folder = mkdtempSync(join(tmpdir(), 'virtfleet-tests-'))
const total: Count = { passed: 0, failed: 0, skipped: 0 }
try {
  installPackages()
  for (const stage of STAGES) {
    if (wanted.length > 0 ? !wanted.includes(stage.name) : stage.full && !full) continue
    const begin = Date.now()
    process.stdout.write(`\n== ${stage.name}\n`)
    // Where it fails, the tests say so themselves.
    if (stage.images)
      await makeImages(stage.images).catch((error) => process.stdout.write(`no images: ${error.message}\n`))
    const count = stage.mocha
      ? await runMocha(stage.mocha, folder)
      : await execute(stage.command ?? []).then((status) => ({
          passed: status === 0 ? 1 : 0,
          failed: status === 0 ? 0 : 1,
          skipped: 0,
        }))
    total.passed += count.passed
    total.failed += count.failed
    total.skipped += count.skipped
    process.stdout.write(
      `== ${stage.name}: ${count.passed} passed, ${count.failed} failed, ${Math.round((Date.now() - begin) / 1000)} s\n`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`)
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0

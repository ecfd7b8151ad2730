import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { labPrepare } from '../lab/index.ts'
import { TEST_PACKAGES } from './packages.ts'

/*
 * npm test: everything, cheapest first. Ends with the line `N passed, N failed`. Names of stages as arguments run only these.
 */

interface Stage {
  readonly name: string
  /** A command whose success is one passed test, or a folder of mocha's. */
  readonly command?: readonly string[]
  readonly mocha?: { readonly files: string; readonly timeout: number }
  /** Images of labs that its tests start; made before, as no test's limit is meant for that. */
  readonly images?: Parameters<typeof labPrepare>[0]
}

const bin = (name: string): string => `node_modules/.bin/${name}`

const STAGES: readonly Stage[] = [
  { name: 'lint', command: [bin('biome'), 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: [bin('tsc'), '-p', 'tsconfig.json', '--noEmit'] },
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
  { name: 'unit', mocha: { files: 'test/unit/**/*.test.ts', timeout: 60_000 } },
  {
    name: 'contract',
    mocha: { files: 'test/contract/**/*.test.ts', timeout: 300_000 },
    images: ['plain', 'libvirt', 'network'],
  },
  {
    name: 'acceptance',
    mocha: { files: 'test/acceptance/**/*.test.ts', timeout: 60 * 60_000 },
    images: ['vm'],
  },
]

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

function execute(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], env })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

async function runMocha(files: string, timeout: number, counts: string): Promise<Count> {
  rmSync(counts, { force: true })
  const status = await execute([
    bin('mocha'),
    '--timeout',
    String(timeout),
    '--reporter',
    './test/reporter.cjs',
    '--reporter-option',
    `file=${counts}`,
    files,
  ])
  try {
    const { passes, failures, pending } = JSON.parse(readFileSync(counts, 'utf8')) as Record<string, number>
    return { passed: passes ?? 0, failed: Math.max(failures ?? 0, status === 0 ? 0 : 1), skipped: pending ?? 0 }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !STAGES.some((stage) => stage.name === name))
if (unknown.length > 0)
  throw new Error(`no stage is named ${unknown.join(', ')}; there are ${STAGES.map((one) => one.name).join(', ')}`)

const folder = mkdtempSync(join(tmpdir(), 'virtfleet-tests-'))
const total: Count = { passed: 0, failed: 0, skipped: 0 }
try {
  installPackages()
  for (const stage of STAGES) {
    if (wanted.length > 0 && !wanted.includes(stage.name)) continue
    const begin = Date.now()
    process.stdout.write(`\n== ${stage.name}\n`)
    // Where it fails, the tests say so themselves.
    if (stage.images)
      await makeImages(stage.images).catch((error) => process.stdout.write(`no images: ${error.message}\n`))
    const count = stage.mocha
      ? await runMocha(stage.mocha.files, stage.mocha.timeout, join(folder, 'counts.json'))
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

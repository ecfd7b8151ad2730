import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { labFolder } from './state.ts'

/*
 * npm run demo: the whole job on real hypervisors on this machine. Each step is a command that a user would type, and is shown.
 */

const ROOT = fileURLToPath(new URL(import.meta.url.includes('/dist/') ? '../../' : '../', import.meta.url))
const LAUNCHER = join(ROOT, 'bin/virtfleet.js')

async function step(title: string, args: readonly string[]): Promise<void> {
  process.stdout.write(`\n${title}\n$ virtfleet ${args.join(' ')}\n`)
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: 'inherit' })
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 99 : 1)))
  })
  if (status !== 0) throw new DemoFailure(`virtfleet ${args[0]} ended with ${status}`, status)
}

class DemoFailure extends Error {
  readonly status: number
  constructor(message: string, status = 1) {
    super(message)
    this.status = status
  }
}

/** Counters of the last event of a run, by host. */
async function statsOf(file: string): Promise<Record<string, Record<string, number>>> {
  const last = (await readFile(file, 'utf8')).trimEnd().split('\n').at(-1) ?? '{}'
  return (JSON.parse(last) as { stats?: Record<string, Record<string, number>> }).stats ?? {}
}

async function demo(): Promise<void> {
  const begin = Date.now()
  const dir = labFolder(undefined)
  const inventory = join(dir, 'inventory.yml')
  const events = join(dir, 'second-run.ndjson')
  const site = join(ROOT, 'playbooks/site.yml')
  await step('1. Three bare machines: two hypervisors and an NFS server.', ['lab', 'up', '--yes'])
  await step('2. They become a fleet: libvirt, network, storage, six machines, one live migration.', [
    'run',
    '-i',
    inventory,
    site,
  ])
  await rm(events, { force: true })
  await step('3. The same again: nothing may change.', ['run', '-i', inventory, '--events', events, site])
  const changed = Object.entries(await statsOf(events)).filter(([, stats]) => stats.changed !== 0)
  if (changed.length > 0) throw new DemoFailure(`the second run changed ${changed.map(([host]) => host).join(', ')}`)
  const minutes = ((Date.now() - begin) / 60_000).toFixed(1)
  process.stdout.write(`
Done in ${minutes} minutes; the second run changed nothing. The machines still run:
  npx virtfleet lab status                  what there is
  npx virtfleet lab ssh hv1 virsh list      look at a hypervisor
  npx virtfleet lab destroy                 remove everything again
`)
}

try {
  await demo()
} catch (error) {
  if (!(error instanceof DemoFailure)) throw error
  process.stderr.write(`\nthe demonstration stopped: ${error.message}\n`)
  process.exitCode = error.status
}

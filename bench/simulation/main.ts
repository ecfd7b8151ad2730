import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionPool, connectionPool } from '../../core/connection/index.ts'
import { run } from '../../core/engine/index.ts'
import { loadInventory } from '../../core/inventory/index.ts'
import { loadInclude, loadPlaybook } from '../../core/playbook/index.ts'
import { consoleReport } from '../../core/report/index.ts'
import { createRedactor } from '../../core/secrets/index.ts'
import { builtinModules } from '../../modules/index.ts'
import { TWENTY_TASKS } from '../work/compliance/compliance.ts'
import { SimulatedPool } from './pool.ts'

/*
 * `main.ts HOSTS FOLDER`: the engine and the console on so many simulated hosts. Prints one JSON line {cpuMs, wallMs, rssMb}:
 * of the run alone, without start-up, which does not grow with hosts.
 */

const [count, folder = ''] = [Number(process.argv[2]), process.argv[3]]

/** All hosts are this machine, so they share one folder. */
async function play(hosts: number, variables: string, pool: ConnectionPool): Promise<void> {
  const names = Array.from({ length: hosts }, (_, i) => `s${String(i + 1).padStart(5, '0')}`)
  const source = join(folder, `simulated-${hosts}`)
  writeFileSync(source, `[all]\n${names.join('\n')}\n\n[all:vars]\n${variables}\nfolders=${folder}\nwho=all\n`)
  const { inventory } = await loadInventory([source], { playbookFolders: [] })
  const { playbook } = await loadPlaybook(TWENTY_TASKS, { registry: builtinModules })
  if (!playbook) throw new Error(`cannot read ${TWENTY_TASKS}`)
  const redactor = createRedactor()
  const terminal = { write: () => undefined, columns: 100, rows: 24 }
  const report = consoleReport({ terminal, live: false, colour: false, verbosity: 0 })
  const outcome = await run({
    playbooks: [playbook],
    inventory,
    registry: builtinModules,
    pool,
    redactor,
    listeners: [report.listener],
    loadInclude: (include, target, rendered) => loadInclude(include, target, { registry: builtinModules }, rendered),
    forks: hosts,
  })
  report.close()
  await pool.closeAll()
  if (outcome.exitCode !== 0) throw new Error(`the run ended with ${outcome.exitCode}`)
}

async function main(): Promise<void> {
  // The first brings the folder into its state; the second warms the code up, as start-up is not what is asked here.
  await play(1, 'ansible_connection=local', connectionPool())
  await play(10, '', new SimulatedPool())
  const [before, begin] = [process.cpuUsage(), performance.now()]
  await play(count, '', new SimulatedPool())
  const { user, system } = process.cpuUsage(before)
  const wallMs = performance.now() - begin
  const rssMb = process.resourceUsage().maxRSS / 1024
  process.stdout.write(`${JSON.stringify({ cpuMs: (user + system) / 1000, wallMs, rssMb })}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = 1
})

import { existsSync } from 'node:fs'
import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LabError } from './errors.ts'
import { endGroup } from './groups.ts'
import { withLock } from './lock.ts'
import { removeNetwork } from './network.ts'
import { endProcess, findMarked } from './process.ts'
import type { Report } from './progress.ts'
import { type Lab, labFolder, readLab, requireLab, saveLab } from './state.ts'
import { openMachine } from './up.ts'
import { runFolder } from './vm.ts'

/** Shuts every machine down and keeps its disk; `labUp` brings the same ones back. */
export async function labDown(options: { dir?: string }, report: Report): Promise<void> {
  const dir = labFolder(options.dir)
  await requireLab(dir)
  await withLock(join(dir, 'lock'), {}, async () => {
    const lab = await requireLab(dir)
    let done = 0
    const total = lab.state.machines.length
    await Promise.all(
      lab.state.machines.map(async (record) => {
        await openMachine(lab, record).stop()
        done += 1
        report({ step: 'shutting down', detail: record.name, done, total })
      }),
    )
    await clear(lab)
    saveLab(lab)
  })
}

/**
 * Removes a lab: every process that carries its mark, its network, control groups and folder. The image cache stays. Works
 * after `up` was killed half way, and on a folder without a lab it does nothing; returns whether there was one.
 */
export async function labDestroy(options: { dir?: string }, report: Report): Promise<boolean> {
  const dir = labFolder(options.dir)
  if (!existsSync(dir)) return false
  const say = (done: number, detail = dir) => report({ step: 'destroying', detail, done, total: 2 })
  return withLock(join(dir, 'lock'), { onWait: (pid) => say(0, `waiting for process ${pid}`) }, async () => {
    const lab = await readLab(dir)
    if (!lab) return false
    say(0)
    await clear(lab)
    say(1)
    // What a killed `up` had just called may still be writing there.
    await rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
    say(2)
    return true
  }).finally(() => rmdir(dir).catch(() => {}))
}

/** How long a lab's processes may take to end. */
const endTime = 60_000

/** Ends all that runs for the lab and removes what it left in the kernel. */
async function clear(lab: Lab): Promise<void> {
  // A process shows no mark for a moment while it becomes another program, so one look that finds nothing proves nothing.
  const until = Date.now() + endTime
  for (let quiet = 0; quiet < 3; ) {
    const ours = findMarked(lab.state.id)
    await Promise.all(ours.map((who) => endProcess(who, 500)))
    await endGroup(`virtfleet-lab-${lab.state.id}`, endTime)
    quiet = ours.length === 0 ? quiet + 1 : 0
    if (ours.length > 0 && Date.now() > until) {
      const pids = ours.map(({ pid }) => pid).join(', ')
      throw new LabError('machine-failed', `processes of the lab do not end: ${pids}`)
    }
    if (quiet < 3) await sleep(100)
  }
  if (lab.state.network) await removeNetwork(lab.state.network)
  await rm(runFolder(lab), { recursive: true, force: true })
}

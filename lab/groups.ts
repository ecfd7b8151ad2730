import { existsSync, readFileSync } from 'node:fs'
import { readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LabError } from './errors.ts'

/** Where control groups may be: the one hierarchy, or those of the older kind that systemd uses. */
export const hierarchies = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified']

/**
 * Ends every process in a control group of the lab, however it came there, and removes the group in every hierarchy. A
 * container's init outlives the nspawn that started it and carries no mark, so this alone finds it. Throws `machine-failed`
 * when something is left after the time (ms).
 */
export async function endGroup(group: string, time = 60_000): Promise<void> {
  const folders = hierarchies.map((hierarchy) => join(hierarchy, group))
  for (const until = Date.now() + time; folders.some((folder) => existsSync(folder)); await sleep(50)) {
    for (const folder of folders) await empty(folder)
    const left = folders.filter((folder) => existsSync(folder))
    if (left.length > 0 && Date.now() > until) {
      throw new LabError(
        'machine-failed',
        `processes in ${left.join(' and ')} do not end`,
        `see ${left[0]}/cgroup.procs`,
      )
    }
  }
}

/** Deepest first; the kernel needs a moment between a process's end and the group's. */
async function empty(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) if (entry.isDirectory()) await empty(join(folder, entry.name))
  kill(join(folder, 'cgroup.procs'))
  await rmdir(folder).catch(() => {})
}

function kill(members: string): void {
  try {
    for (const pid of readFileSync(members, 'utf8').split('\n').map(Number)) {
      if (pid > 0 && pid !== process.pid) process.kill(pid, 'SIGKILL')
    }
  } catch {
    // The group or the process has just gone; the next round tells.
  }
}

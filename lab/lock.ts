import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { LabError } from './errors.ts'
import { identify, isAlive, type ProcessIdentity } from './process.ts'

/** Runs `work` while no other process holds the lock folder at `path`. A lock whose holder is dead is taken over. */
export async function withLock<T>(
  path: string,
  options: { signal?: AbortSignal | undefined; onWait?: (holder: number) => void },
  work: () => Promise<T>,
): Promise<T> {
  for (let said = false; !(await take(path)); ) {
    const holder = await readHolder(path)
    if (holder === 'gone') {
      const stale = `${path}.${process.pid}.stale`
      await rename(path, stale).catch(() => {})
      await rm(stale, { recursive: true, force: true })
      continue
    }
    if (!said && holder !== 'unknown') options.onWait?.(holder.pid)
    said = true
    await sleep(200, undefined, options.signal ? { signal: options.signal } : {}).catch(() => {
      throw new LabError('cancelled', 'cancelled')
    })
  }
  try {
    return await work()
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await mkdir(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  await writeFile(`${path}/holder`, JSON.stringify(identify(process.pid)))
  return true
}

async function readHolder(path: string): Promise<ProcessIdentity | 'gone' | 'unknown'> {
  for (let tries = 0; tries < 10; tries++) {
    try {
      const who = JSON.parse(await readFile(`${path}/holder`, 'utf8')) as ProcessIdentity
      return isAlive(who) ? who : 'gone'
    } catch {
      await sleep(100)
    }
  }
  return 'gone'
}

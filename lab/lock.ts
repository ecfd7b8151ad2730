import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, rmdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LabError } from './errors.ts'
import { identify, isAlive, type ProcessIdentity } from './process.ts'

/*
 * A lock is a folder with one file, whose name is its holder. A folder is renamed over another one only where that is empty, so
 * one of many gets it; and as the dead one's file is removed by its name, nobody takes the lock of a living one away.
 */

/** Runs `work` while no other process holds the lock folder at `path`. A lock whose holder is dead is taken over. */
export async function withLock<T>(
  path: string,
  options: { signal?: AbortSignal | undefined; onWait?: (holder: number) => void },
  work: () => Promise<T>,
): Promise<T> {
  const own = fileOf(identify(process.pid))
  for (let said = false; !(await take(path, own)); ) {
    const holder = await findHolder(path)
    if (holder === undefined) continue
    if (!said) options.onWait?.(holder.pid)
    said = true
    await sleep(200, undefined, options.signal ? { signal: options.signal } : {}).catch(() => {
      throw new LabError('cancelled', 'cancelled')
    })
  }
  try {
    return await work()
  } finally {
    await unlink(join(path, own)).catch(() => {})
    await rmdir(path).catch(() => {})
  }
}

const fileOf = (who: ProcessIdentity | undefined): string => `${who?.pid}-${who?.started}`

async function take(path: string, own: string): Promise<boolean> {
  if ((await readdir(path).catch(() => [])).length > 0) return false
  const fresh = `${path}.${own}.${randomBytes(4).toString('hex')}`
  await mkdir(fresh)
  try {
    await writeFile(join(fresh, own), '')
    await rename(fresh, path)
    return true
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    if (['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** Who has the lock; undefined when nobody living does, and then it is free. */
async function findHolder(path: string): Promise<ProcessIdentity | undefined> {
  for (const name of await readdir(path).catch(() => [])) {
    const [pid, started] = name.split('-').map(Number)
    const who = { pid: pid ?? 0, started: started ?? 0 }
    if (isAlive(who)) return who
    await unlink(join(path, name)).catch(() => {})
  }
  return undefined
}

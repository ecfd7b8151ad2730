import { open, rename, stat, unlink } from 'node:fs/promises'

/** Replaces a file of the controller as a whole or not at all, keeping its mode. */
export async function replaceLocalFile(path: string, text: string): Promise<void> {
  const mode = (await stat(path)).mode & 0o777
  const beside = `${path}.${process.pid}.new`
  const file = await open(beside, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
    await file.close()
    await rename(beside, path)
  } catch (error) {
    await file.close().catch(() => undefined)
    await unlink(beside).catch(() => undefined)
    throw error
  }
}

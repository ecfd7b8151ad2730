import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { sh } from '../../../../core/connection/quote.ts'
import { type Host, ModuleFailure, type Reader } from '../../../../core/module/types.ts'
import { chunksOf } from './extents.ts'

/** A file of the controller beside the volume whose content it is to have. */
export interface Download {
  /** Of the volume, in bytes. */
  readonly size: number
  /** SHA-256 of the file that is there; undefined: none. */
  readonly before: string | undefined
  /** SHA-256 of the volume; read only where the file could be it. */
  readonly after: string | undefined
}

/** A host that hashes terabytes takes its time. */
const PATIENCE = { timeoutMs: 24 * 3_600_000 }
/** One answer of the host; far below what one may be. */
export const CHUNK = 4 * 1024 * 1024
const AT_ONCE = 2

/** Compares by size, then by checksum. */
export async function lookAtDownload(host: Reader, path: string, dest: string): Promise<Download> {
  const [size, there] = await Promise.all([sizeOnHost(host, path), stat(dest).catch(absent)])
  if (there && !there.isFile()) throw new ModuleFailure(`${dest} of the controller is not a file`)
  const before = there && (await sha256Of(dest, host.signal))
  const same = there?.size === size
  return { size, before, after: same ? await sha256OnHost(host, path) : undefined }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw new ModuleFailure(`cannot look at ${error.path ?? 'the file'} of the controller: ${error.message}`)
}

async function sizeOnHost(host: Reader, path: string): Promise<number> {
  const answer = await host.read(
    sh`if [ -b ${path} ]; then blockdev --getsize64 ${path}; else stat -L -c %s -- ${path}; fi`,
  )
  const size = Number(answer.stdout.toString().trim() || Number.NaN)
  if (answer.status !== 0 || !Number.isSafeInteger(size))
    throw new ModuleFailure(`cannot look at ${path}: ${answer.stderr.toString().trim()}`)
  return size
}

async function sha256OnHost(host: Reader, path: string): Promise<string> {
  const answer = await host.read(sh`sha256sum <${path}`, PATIENCE)
  const digest = /^[0-9a-f]{64}/.exec(answer.stdout.toString())?.[0]
  if (answer.status !== 0 || digest === undefined)
    throw new ModuleFailure(`cannot read ${path}: ${answer.stderr.toString().trim()}`)
  return digest
}

async function sha256Of(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file, { highWaterMark: 1024 * 1024, signal })) hash.update(piece as Buffer)
  return hash.digest('hex')
}

/** Brings the volume's bytes, holes left out; the file gets its name when it is whole and has the checksum. */
export async function downloadVolume(host: Host, path: string, dest: string, { size }: Download): Promise<void> {
  const part = `${dest}.${randomBytes(6).toString('hex')}.part`
  let file: FileHandle | undefined
  try {
    file = await open(part, 'wx', 0o600)
    await file.truncate(size)
    const chunks = await chunksOf(host, path, size, CHUNK)
    for (let i = 0; i < chunks.length; i += AT_ONCE) {
      host.signal.throwIfAborted()
      await Promise.all(chunks.slice(i, i + AT_ONCE).map((chunk) => bring(host, path, file as FileHandle, chunk, size)))
      host.progress(`downloading ${path}`, (100 * Math.min(i + AT_ONCE, chunks.length)) / chunks.length)
    }
    await file.sync()
    await file.close()
    file = undefined
    const [here, there] = await Promise.all([sha256Of(part, host.signal), sha256OnHost(host, path)])
    if (here !== there) throw new ModuleFailure(`${path} changed while it was read; nothing was kept`)
    await rename(part, dest)
  } catch (error) {
    await file?.close()
    await rm(part, { force: true })
    const { code, syscall, message } = error as NodeJS.ErrnoException
    if (code === undefined || syscall === undefined) throw error
    throw new ModuleFailure(`cannot write ${dest} of the controller: ${message}`, { cause: error })
  }
}

async function bring(host: Host, path: string, file: FileHandle, chunk: number, size: number): Promise<void> {
  const answer = await host.read(
    sh`dd if=${path} bs=${CHUNK} skip=${chunk} count=1 iflag=fullblock 2>/dev/null`,
    PATIENCE,
  )
  const wanted = Math.min(CHUNK, size - chunk * CHUNK)
  if (answer.status !== 0 || answer.stdout.length !== wanted)
    throw new ModuleFailure(`${path} became shorter while it was read`)
  await file.write(answer.stdout, 0, wanted, chunk * CHUNK)
}

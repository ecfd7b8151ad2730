import { type ChildProcess, spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { resolveEndpoint } from '../config/resolve.ts'
import { ConnectionError } from '../errors.ts'
import type { Endpoint } from '../types.ts'
import { asksForSecret, connectArguments, READY } from './arguments.ts'
import { prepareAskpass } from './askpass.ts'
import { connectionFailure } from './failure.ts'
import { privateFolder } from './folder.ts'

/**
 * Becomes ssh, and leaves a watcher behind that ends it when our end of its standard input is gone: also when this
 * process was killed. The watcher looks whether its parent is still that ssh, not another process with its number.
 */
const GUARD = `exec 3<&0
{
  cat <&3
  read -r _ _ _ parent _ </proc/self/stat || parent=$$
  [ "$parent" != "$$" ] || kill "$$"
  rm -rf "$1"
} >/dev/null 2>&1 &
shift
exec "$@" </dev/null 3<&-`

/** How much of ssh's stderr is kept. */
const MAX_LOG = 64 * 1024
const KILL_AFTER_MS = 2000

/** An ssh that is logged in. */
export interface Master {
  /** Private to it; gone with it. */
  readonly folder: string
  readonly controlPath: string
  /** What it has written to stderr, the last 64 KiB; debug lines too. */
  log(): string
  /** Settles when it has ended. */
  readonly ended: Promise<void>
  close(): Promise<void>
}

/**
 * Starts `ssh -M` (or, not shared, a connection that leaves the control socket alone) and waits until it is logged in.
 * Raises ConnectionError, and the signal's reason.
 */
export async function startMaster(endpoint: Endpoint, shared: boolean, signal?: AbortSignal): Promise<Master> {
  signal?.throwIfAborted()
  const folder = await privateFolder()
  try {
    return await login(endpoint, folder, shared, signal)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function login(endpoint: Endpoint, folder: string, shared: boolean, signal?: AbortSignal): Promise<Master> {
  const controlPath = join(folder, 'c')
  const control = shared ? ['-M', '-S', controlPath, '-o', 'ControlPersist=no'] : ['-S', 'none']
  const args = [...control, ...connectArguments(endpoint, await pinnedFile(endpoint, folder))]
  const askpass = asksForSecret(endpoint) ? await prepareAskpass(folder, await secretsOf(endpoint)) : undefined
  // A session of its own: no terminal to ask on, and an interrupt of the terminal is not its business.
  const child = spawn('/bin/sh', ['-c', GUARD, 'sh', folder, 'ssh', ...args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', SHELL: '/bin/sh', ...askpass?.environment },
  })
  const master = new RunningMaster(child, folder, controlPath)
  try {
    await master.ready(endpoint, signal)
  } catch (error) {
    await master.close()
    throw error
  } finally {
    await askpass?.close()
  }
  return master
}

async function pinnedFile(endpoint: Endpoint, folder: string): Promise<string | undefined> {
  const { pinned } = endpoint.hostKeys
  if (!pinned || pinned.length === 0) return undefined
  const file = join(folder, 'known_hosts')
  // One line each: a newline in a value must not make two keys of one.
  await writeFile(file, pinned.map((key) => `* ${key.replaceAll(/\s+/g, ' ')}\n`).join(''), { mode: 0o600 })
  return file
}

async function secretsOf(endpoint: Endpoint) {
  const { user, host } = await resolveEndpoint(endpoint)
  const { password, privateKeyPassphrase: passphrase } = endpoint
  return {
    who: `${user}@${host}`,
    ...(password !== undefined && { password }),
    ...(passphrase !== undefined && { passphrase }),
  }
}

class RunningMaster implements Master {
  readonly folder: string
  readonly controlPath: string
  readonly ended: Promise<void>
  readonly #child: ChildProcess
  #log = ''

  constructor(child: ChildProcess, folder: string, controlPath: string) {
    this.#child = child
    this.folder = folder
    this.controlPath = controlPath
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-MAX_LOG)
    })
    child.stdin!.on('error', () => {})
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#log += `${error.message}\n`
        resolve()
      })
      // Not `close`: what a ProxyCommand left behind may keep the streams open.
      child.once('exit', () => setImmediate(resolve))
    })
  }

  log(): string {
    return this.#log
  }

  /** ssh limits connecting itself; beyond that, logging in may not hang either. */
  async ready(endpoint: Endpoint, signal?: AbortSignal): Promise<void> {
    const timeoutMs = 3 * (endpoint.connectTimeoutMs ?? 10_000)
    let timer: NodeJS.Timeout | undefined
    let onAbort: (() => void) | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        let seen = ''
        this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
          seen = (seen + text).slice(-4096)
          if (seen.includes(`${READY}\n`)) resolve()
        })
        void this.ended.then(() => reject(connectionFailure(endpoint, this.#log)))
        const late = () =>
          reject(new ConnectionError('timeout', endpoint.name, `not logged in after ${timeoutMs / 1000} s`))
        timer = setTimeout(late, timeoutMs)
        onAbort = () => reject(signal!.reason)
        signal?.addEventListener('abort', onAbort, { once: true })
      })
    } finally {
      clearTimeout(timer)
      if (onAbort) signal?.removeEventListener('abort', onAbort)
    }
  }

  async close(): Promise<void> {
    const { exitCode, signalCode, pid } = this.#child
    if (pid !== undefined && exitCode === null && signalCode === null) {
      this.#child.kill('SIGTERM')
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), KILL_AFTER_MS)
      await this.ended
      clearTimeout(timer)
    }
    this.#child.stdin!.destroy()
    this.#child.stdout!.destroy()
    this.#child.stderr!.destroy()
    await rm(this.folder, { recursive: true, force: true })
  }
}

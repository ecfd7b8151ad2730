import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Endpoint } from '../../core/connection/types.ts'

const exec = promisify(execFile)

export interface SshdOptions {
  /** More lines for sshd_config. */
  readonly config?: readonly string[]
  /** Login shells by a short name; each becomes an account of its own, removed with the server. */
  readonly users?: Readonly<
    Record<string, { shell: string; password?: string; home?: Readonly<Record<string, string>> }>
  >
  /** Its hosts have a /run that nobody else writes to, seen from outside as `run`. */
  readonly ownRun?: boolean
}

/** A real sshd on loopback with throw-away host and client keys. It needs root. */
export interface Sshd {
  readonly port: number
  readonly dir: string
  /** The private key that opens every account. */
  readonly keyFile: string
  readonly hostKey: string
  readonly hostKeyFile: string
  readonly pid: number
  /** Its /run. */
  readonly run: string
  /** The account's real name for the short one. */
  user(name: string): string
  endpoint(more?: Partial<Endpoint>): Endpoint
  /** Lines of its log so far. */
  readonly log: readonly string[]
  stop(): Promise<void>
}

/** Puts an empty /run in front of what follows; the process stays the same. */
const OWN_RUN = [
  ...['unshare', '--mount', '--propagation', 'private', '/bin/sh', '-c'],
  ...['mount -t tmpfs -o mode=755 tmpfs /run && mkdir -m 755 /run/sshd && exec "$@"', 'sh'],
]

let count = 0

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const dir = mkdtempSync(join(tmpdir(), 'virtfleet-sshd-'))
  chmodSync(dir, 0o755)
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const prefix = `vf${process.pid}${count++ === 0 ? '' : `n${count}`}`
  const names = new Map<string, string>()
  const keyFile = join(dir, 'client')
  const hostKeyFile = join(dir, 'host')
  for (const file of [keyFile, hostKeyFile]) await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
  for (const [name, account] of Object.entries(options.users ?? {})) {
    names.set(name, await addUser(`${prefix}-${name}`, account))
  }
  const port = await freePort()
  const config = [
    ...(options.config ?? []),
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKeyFile}`,
    `AuthorizedKeysFile ${keyFile}.pub`,
    `PidFile none`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'UseDNS no',
    'MaxStartups 100:30:200',
    'LogLevel VERBOSE',
    'Subsystem sftp internal-sftp',
  ]
  writeFileSync(join(dir, 'sshd_config'), `${config.join('\n')}\n`)
  const sshd = ['/usr/sbin/sshd', '-D', '-e', '-f', join(dir, 'sshd_config')]
  const [program = '', ...args] = options.ownRun ? [...OWN_RUN, ...sshd] : sshd
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const log: string[] = []
  await listening(child, log)
  const hostKey = readFileSync(`${hostKeyFile}.pub`, 'utf8').trim()
  return {
    port,
    dir,
    keyFile,
    hostKey,
    hostKeyFile,
    pid: child.pid!,
    run: options.ownRun ? `/proc/${child.pid}/root/run` : '/run',
    log,
    user: (name) => names.get(name) ?? name,
    endpoint: (more = {}) => ({
      name: 'host',
      transport: 'ssh',
      address: '127.0.0.1',
      port,
      user: 'root',
      privateKeyFile: keyFile,
      useSshConfig: false,
      retries: 0,
      hostKeys: { policy: 'strict', pinned: [hostKey] },
      ...more,
    }),
    async stop() {
      await ended(child)
      for (const user of names.values()) await removeUser(user)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function listening(child: ChildProcess, log: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stderr! }).on('line', (line) => {
      log.push(line)
      if (line.startsWith('Server listening')) resolve()
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`sshd did not start: ${log.join('; ')}`)))
  })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill()
  await exited
}

/** A port nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

async function addUser(
  name: string,
  account: { shell: string; password?: string; home?: Readonly<Record<string, string>> },
): Promise<string> {
  await exec('useradd', ['-m', '-s', account.shell, '-p', '*', name])
  if (account.password !== undefined) {
    const child = exec('chpasswd', ['-c', 'SHA256'])
    child.child.stdin?.end(`${name}:${account.password}\n`)
    await child
  }
  for (const [path, text] of Object.entries(account.home ?? {})) writeFileSync(join('/home', name, path), text)
  return name
}

async function removeUser(name: string): Promise<void> {
  await exec('pkill', ['-KILL', '-u', name]).catch(() => undefined)
  // sshd's last process of that user may be about to end.
  for (let i = 0; ; i++) {
    try {
      await exec('userdel', ['-f', '-r', name])
      return
    } catch (error) {
      if ((error as { code?: number }).code === 6) return
      if (i === 400) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, type ConnectionPool, connectionPool, type Endpoint } from '../../../core/connection/index.ts'
import { type Sshd, startSshd } from '../sshd.ts'

export const TRANSPORTS = ['ssh', 'openssh', 'local'] as const
export type TransportName = (typeof TRANSPORTS)[number]
export const SHELLS = ['dash', 'bash', 'ash', 'mksh'] as const
export type ShellName = (typeof SHELLS)[number]

/** Processes on this machine whose command line has this text; zombies do not count. */
export function processes(text: string): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,stat=,args='], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(text) && !/^\s*\d+ Z/.test(line)).map((line) => Number.parseInt(line, 10))
}

/** Waits for a fact about this machine that nothing announces. */
export async function eventually(fact: () => boolean, ms = 60_000): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end; ) {
    if (fact()) return true
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return fact()
}

/** While `work` goes on, an agent has that server's key: a bastion's comes from there or from ~/.ssh/config, as with ssh. */
export async function withAgent<T>({ dir, keyFile }: Sshd, work: () => Promise<T>): Promise<T> {
  const socket = join(dir, 'agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(agent.stdout, 'data')
  const { SSH_AUTH_SOCK: before } = process.env
  process.env.SSH_AUTH_SOCK = socket
  try {
    execFileSync('ssh-add', ['-q', keyFile], { stdio: 'ignore' })
    return await work()
  } finally {
    if (before === undefined) delete process.env.SSH_AUTH_SOCK
    else process.env.SSH_AUTH_SOCK = before
    agent.kill()
  }
}

let number = 0
/** A duration for `sleep` that no other process on this machine has, by which it is found again. */
export const uniqueSeconds = (): string => `${300 + (process.pid % 100)}.${process.pid}${number++}`

/** The machine all connection suites share: one sshd, one pool for fast endings, a shell of each kind. */
export class Bench {
  sshd!: Sshd
  pool!: ConnectionPool
  private shells!: string

  async start(options: Parameters<typeof startSshd>[0] = {}): Promise<void> {
    this.sshd = await startSshd(options)
    this.pool = connectionPool({ graceMs: 1000 })
    this.shells = mkdtempSync(join(tmpdir(), 'virtfleet-shells-'))
    execFileSync('chmod', ['755', this.shells])
    symlinkSync('/usr/bin/busybox', join(this.shells, 'ash'))
  }

  async stop(): Promise<void> {
    await this.pool.closeAll()
    await this.sshd.stop()
    rmSync(this.shells, { recursive: true, force: true })
  }

  shellPath(shell: ShellName): string {
    return shell === 'ash' ? join(this.shells, 'ash') : `/bin/${shell}`
  }

  endpoint(transport: TransportName, shell: ShellName = 'dash', more: Partial<Endpoint> = {}): Endpoint {
    const name = `${transport}-${shell}-${more.user ?? 'root'}`
    return this.sshd.endpoint({ name, transport, shellPath: this.shellPath(shell), ...more })
  }

  connect(transport: TransportName, shell: ShellName = 'dash', more: Partial<Endpoint> = {}): Promise<Connection> {
    return this.pool.get(this.endpoint(transport, shell, more))
  }
}

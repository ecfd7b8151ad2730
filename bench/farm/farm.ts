import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { accounts } from './accounts.ts'

/** One "host" of a farm: an address on the farm's own loopback and an account of its own. */
export interface FarmHost {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly user: string
  /** Its folder, as its own user sees it. */
  readonly folder: string
}

export interface FarmOptions {
  readonly hosts: number
  /** More shell lines that run in the farm's namespaces as root before sshd starts. */
  readonly prepare?: string
}

/** Where every account's folder is, inside the farm. */
export const FOLDERS = '/srv/hosts'
const PORT = 22
const NAMESPACES = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']

/**
 * Many hosts on one machine: one real sshd in network, mount and process namespaces of its own, reached by addresses of
 * 127.0.0.0/8, each host with an account of its own (so that it has a lease and processes of its own). The accounts are in
 * an /etc that only the namespaces see, and the hosts' files are on a tmpfs there: nothing of this machine changes,
 * and all of it goes with one process. It needs root.
 */
export class Farm {
  /** Keys, configuration and inventory, seen from outside too. */
  readonly dir: string
  readonly hosts: readonly FarmHost[]
  /** The sshd, by this machine's numbers. */
  readonly pid: number
  private readonly holder: ChildProcess

  private constructor(dir: string, hosts: readonly FarmHost[], holder: ChildProcess, pid: number) {
    this.dir = dir
    this.hosts = hosts
    this.holder = holder
    this.pid = pid
  }

  static async start(options: FarmOptions): Promise<Farm> {
    const dir = mkdtempSync(join(tmpdir(), 'virtfleet-bench-'))
    chmodSync(dir, 0o755)
    const hosts = farmHosts(options.hosts)
    for (const name of ['client', 'host']) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, name)])
    }
    const hostKey = readFileSync(join(dir, 'host.pub'), 'utf8').trim()
    mkdirSync(join(dir, 'accounts'))
    for (const [name, text] of accounts(hosts)) writeFileSync(join(dir, 'accounts', name), text)
    writeFileSync(join(dir, 'sshd_config'), SSHD_CONFIG)
    writeFileSync(join(dir, 'known_hosts'), `127.* ${hostKey}\n`)
    writeFileSync(join(dir, 'start'), startScript(hosts, options.prepare ?? ''))
    const holder = spawn(
      // Whatever ends this process ends the farm.
      'setpriv',
      ['--pdeathsig=KILL', ...NAMESPACES, 'sh', '-e', join(dir, 'start'), dir],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let said = ''
    holder.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000)
    })
    try {
      const pid = await listening(holder, () => said)
      const farm = new Farm(dir, hosts, holder, pid)
      farm.writeInventory()
      return farm
    } catch (error) {
      holder.kill('SIGKILL')
      rmSync(dir, { recursive: true, force: true })
      throw error
    }
  }

  /** The same command line with the farm's network; mounts, processes and users stay this machine's. */
  inside(argv: readonly string[]): string[] {
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`, '--', ...argv]
  }

  /** The inventory that every peer gets; of the first `count` hosts. */
  writeInventory(count = this.hosts.length): string {
    const file = join(this.dir, `inventory-${count}.ini`)
    const rows = this.hosts
      .slice(0, count)
      .map((host) => `${host.name} ansible_host=${host.address} ansible_user=${host.user}`)
    const vars = [
      `ansible_ssh_private_key_file=${this.keyFile}`,
      `ansible_ssh_common_args=-o UserKnownHostsFile=${this.knownHosts} -o StrictHostKeyChecking=yes`,
      'ansible_python_interpreter=/usr/bin/python3',
      `folders=${FOLDERS}`,
    ]
    writeFileSync(file, `[all]\n${rows.join('\n')}\n\n[all:vars]\n${vars.join('\n')}\n`)
    return file
  }

  get keyFile(): string {
    return join(this.dir, 'client')
  }

  get hostKeyFile(): string {
    return join(this.dir, 'host')
  }

  get knownHosts(): string {
    return join(this.dir, 'known_hosts')
  }

  /** A path inside the farm, as this machine's root reaches it. */
  path(inside: string): string {
    return `/proc/${this.pid}/root${inside}`
  }

  /** Every host's folder is empty again. */
  reset(): void {
    for (const { folder } of this.hosts) {
      for (const name of readdirSync(this.path(folder))) {
        rmSync(join(this.path(folder), name), { recursive: true, force: true })
      }
    }
  }

  /** Processes in the farm other than the sshd that listens: what somebody left on the hosts. */
  processes(): string[] {
    const listed = execFileSync(
      'nsenter',
      [`--target=${this.pid}`, '--pid', '--mount', 'ps', '-eo', 'pid=,stat=,args='],
      {
        encoding: 'utf8',
      },
    )
    return listed
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !/^1 |^\d+ Z| ps -eo /.test(line))
  }

  /** Number of the process that was made last on the hosts, of which there is one more now; it begins anew at pid_max. */
  lastProcess(): number {
    const last = ['cat', '/proc/sys/kernel/ns_last_pid']
    return Number(execFileSync('nsenter', [`--target=${this.pid}`, '--pid', '--mount', ...last], { encoding: 'utf8' }))
  }

  /** Ends processes that `processes` listed. */
  end(listed: readonly string[]): void {
    const numbers = listed.map((line) => line.split(' ')[0] ?? '')
    if (numbers.length === 0) return
    execFileSync(
      'nsenter',
      [`--target=${this.pid}`, '--pid', '--mount', 'sh', '-c', 'kill -KILL "$@" || :', 'sh', ...numbers],
      {
        stdio: 'ignore',
      },
    )
  }

  async stop(): Promise<void> {
    if (this.holder.exitCode === null && this.holder.signalCode === null) {
      const ended = new Promise((resolve) => this.holder.once('exit', resolve))
      this.holder.kill('SIGKILL')
      await ended
    }
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** Without rules against many connections at once, which are the same for every peer. */
const SSHD_CONFIG = `Port ${PORT}
ListenAddress 0.0.0.0
HostKey /mnt/host
AuthorizedKeysFile /mnt/client.pub
PidFile none
StrictModes no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 5000
LogLevel ERROR
Subsystem sftp internal-sftp
`

function farmHosts(count: number): FarmHost[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `b${String(i + 1).padStart(5, '0')}`
    const address = `127.1.${Math.floor(i / 250)}.${(i % 250) + 1}`
    return { name, address, port: PORT, user: name, folder: `${FOLDERS}/${name}` }
  })
}

/** The accounts' homes are empty, so no login reads a file of its own. */
function startScript(hosts: readonly FarmHost[], prepare: string): string {
  const names = hosts.map((host) => host.user).join('\n')
  return `mount --bind "$1" /mnt
for f in /tmp /run /srv; do mount -t tmpfs -o mode=1777 tmpfs "$f"; done
mkdir -p /run/sshd /srv/home ${FOLDERS}
# A copy of the whole folder: a file mounted over another one is gone as soon as somebody outside replaces that one.
cp -a /etc /srv/etc
for f in passwd group shadow; do cat "/mnt/accounts/$f" >>"/srv/etc/$f"; done
mount --bind /srv/etc /etc
ip link set lo up
while read -r name; do
  mkdir -m 700 "/srv/home/$name" "${FOLDERS}/$name"
  chown "$name:$name" "/srv/home/$name" "${FOLDERS}/$name"
done <<'END'
${names}
END
${prepare}
exec /usr/sbin/sshd -D -e -f /mnt/sshd_config
`
}

/** The sshd's number, once it answers. */
async function listening(holder: ChildProcess, said: () => string): Promise<number> {
  for (let tries = 0; tries < 600; tries++) {
    if (holder.exitCode !== null) throw new Error(`the farm did not start: ${said()}`)
    await delay(100)
    const children = `/proc/${holder.pid}/task/${holder.pid}/children`
    const pid = existsSync(children) ? Number(readFileSync(children, 'utf8').trim()) : 0
    if (pid === 0) continue
    // Bound in the farm's network, which is not ours: its table of sockets says so.
    const table = `/proc/${pid}/net/tcp`
    if (existsSync(table) && / 00000000:0016 /.test(readFileSync(table, 'utf8'))) return pid
  }
  throw new Error(`the farm's sshd did not listen: ${said()}`)
}

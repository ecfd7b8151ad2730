import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { ConnectionError } from '../../../core/connection/errors.ts'
import type { ConnectionPool, Endpoint } from '../../../core/connection/types.ts'
import type { Json, JsonObject } from '../../../core/events/json.ts'
import type { StateModule } from '../../../core/module/types.ts'
import { openTestLab, type TestLabWish } from '../../../lab/testing.ts'
import { checkState, type DrivenHost, drivenHost, drivenPool, runState } from '../module-driver.ts'

/** One container for the contract of modules, reached over a real sshd. */
export interface ModuleLab {
  readonly host: DrivenHost
  readonly address: string
  /** The same host, its file systems read-only for every probe. */
  readonly frozen: DrivenHost
  /** What native tools over plain ssh say: a script's output, trimmed. Raises where it fails. */
  native(script: string): Promise<string>
  /**
   * A module's whole contract, from the state the host is in: check mode tells a change (also with read-only file systems)
   * and leaves the host alone; the change is made and converges; a second run changes nothing and writes nothing.
   */
  proves<A, S, R extends JsonObject>(
    module: StateModule<A, S, R>,
    args: Json,
    expected: {
      changes?: readonly string[]
      confirm: string
      answer: string | RegExp
      /** False where the read-only mounts are themselves what the probe looks at. */
      frozen?: boolean
    },
  ): Promise<JsonObject>
  close(): Promise<void>
}

const run = promisify(execFile)

/** Files by inode, change time and mode, and what the kernel and systemd hold. Clocks, logs and our own sessions do not count. */
const SNAPSHOT = `find /etc /var /home /root /srv /opt /mnt /media /usr/local -xdev \\( -path /var/log -o -path /var/tmp \\) -prune -o -printf '%p %i %m %u %g %s %C@ %l\\n' | sort
grep -v ' /run/user' /proc/mounts; ip -o addr | grep -v 'scope link' | sed 's/valid_lft.*//; s/ tentative//'; ip route; bridge link 2>/dev/null
systemctl list-units --all --plain --no-legend --no-pager -t service,socket,mount,target | grep -v 'user@\\|user-runtime\\|session\\|systemd-tmpfiles\\|apt-daily\\|e2scrub\\|dpkg-db\\|ssh@\\|fstrim\\|logrotate\\|hostnamed'
cat /proc/sys/net/ipv4/ip_forward; hostname`

/** Opens a container of that variant: the first one, or another of the shared lab. */
export async function openModuleLab(
  variant: NonNullable<TestLabWish['variant']> = 'plain',
  index = 0,
): Promise<ModuleLab> {
  const lab = await openTestLab({ containers: index + 1, variant })
  const pool: ConnectionPool = drivenPool()
  const machine = lab.machines[index]
  if (!machine) throw new Error('the lab has no machine')
  const endpoint: Endpoint = {
    name: machine.name,
    transport: 'ssh',
    address: machine.address,
    port: machine.port,
    user: 'root',
    privateKeyFile: lab.files.privateKey,
    hostKeys: { policy: 'strict', pinned: [machine.hostKey] },
    useSshConfig: false,
    connectTimeoutMs: 20_000,
  }
  const ssh = ['-i', lab.files.privateKey, '-o', `UserKnownHostsFile=${lab.files.knownHosts}`]
  const options = [...ssh, '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=30', '-p', String(machine.port)]
  const native = async (script: string): Promise<string> =>
    (await run('ssh', [...options, `root@${machine.address}`, script], { maxBuffer: 64 << 20 })).stdout.trim()
  const host = await drivenHost(pool, endpoint)
  const frozen = await drivenHost(
    pool,
    { ...endpoint, name: `${endpoint.name}-frozen` },
    { check: true, readOnly: true },
  )
  await native('systemctl is-system-running --wait >/dev/null || :')
  // The first walk over an overlay makes it tidy its folders, which changes their times.
  await native(SNAPSHOT)
  const snapshot = (): Promise<string> => native(SNAPSHOT)
  const unchanged = async (before: string, what: string): Promise<void> => {
    const known = new Set(before.split('\n'))
    const fresh = (await snapshot()).split('\n').filter((line) => !known.has(line))
    expect(fresh, what).to.deep.equal([])
  }
  /** A change of the network may have cut the connection that was idle meanwhile. */
  const anew =
    (paths: (of: DrivenHost) => Promise<string[]>) =>
    async (error: unknown): Promise<string[]> => {
      if (!(error instanceof ConnectionError)) throw error
      await frozen.reconnect()
      return paths(frozen)
    }
  return {
    host,
    address: machine.address,
    frozen,
    native,
    async proves(module, args, expected) {
      const before = await snapshot()
      const paths = async (of: DrivenHost) => (await checkState(module, of, args)).map((one) => one.path)
      const told = await paths(host)
      if (expected.frozen !== false)
        expect(await paths(frozen).catch(anew(paths)), 'the probe on read-only file systems').to.deep.equal(told)
      if (expected.changes) expect(told, 'what check mode tells').to.deep.equal(expected.changes)
      expect(told, 'what check mode tells').not.to.deep.equal([])
      await unchanged(before, 'what check mode touched')
      const first = await runState(module, host, args)
      expect(
        first.left.filter((one) => one.effect === 'now'),
        'what did not converge',
      ).to.deep.equal([])
      const answer = await native(expected.confirm)
      if (typeof expected.answer === 'string') expect(answer).to.equal(expected.answer)
      else expect(answer).to.match(expected.answer)
      const between = await snapshot()
      const writes = host.writes()
      const second = await runState(module, host, args)
      expect(
        second.changes.filter((one) => one.effect !== 'pending'),
        'what a second run changes',
      ).to.deep.equal([])
      expect(host.writes(), 'scripts of a second run').to.equal(writes)
      await unchanged(between, 'what a second run touched')
      return first.result
    },
    async close() {
      await pool.closeAll()
      await lab.close()
    },
  }
}

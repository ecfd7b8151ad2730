import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { HostConnection } from '../../../core/connection/connection.ts'
import type { LeaseHolder } from '../../../core/connection/lease/holder.ts'
import { acquireLease, HostInUse, type Lease, leaseHolder } from '../../../core/connection/lease/lease.ts'
import { openOpenssh } from '../../../core/connection/openssh/transport.ts'
import { sh } from '../../../core/connection/quote.ts'
import { openSsh } from '../../../core/connection/ssh/transport.ts'
import type { Connection, Endpoint } from '../../../core/connection/types.ts'
import { type Sshd, startSshd } from '../sshd.ts'
import { fifosIn, killable, until } from './lease-lab.ts'
import { processes, uniqueSeconds } from './setup.ts'

for (const transport of ['ssh', 'openssh'] as const) {
  describe(`lease over ${transport}`, function () {
    this.timeout(300_000)
    let sshd: Sshd
    const open: Connection[] = []
    const folder = () => `${sshd.run}/virtfleet`
    const said = (file: 'lease' | 'work') => readFileSync(`${folder()}/${file}`, 'utf8')
    const connection = async (more: Partial<Endpoint> = {}): Promise<Connection> => {
      const endpoint = sshd.endpoint({ name: 'kvm1', transport, ...more })
      const way = await (transport === 'ssh' ? openSsh(endpoint) : openOpenssh(endpoint))
      const made = new HostConnection(endpoint, way, { graceMs: 500 })
      open.push(made)
      return made
    }

    // Others on this machine have leases and shielded commands, too.
    before(async () => {
      sshd = await startSshd({ users: { plain: { shell: '/bin/sh' } }, ownRun: true })
    })
    afterEach(async () => {
      await Promise.all(open.splice(0).map((one) => one.close()))
    })
    after(() => sshd?.stop())

    it('gives a host to one run, and says to the second who has it', async () => {
      const [first, second] = [await connection(), await connection()]
      const lease = await acquireLease(first, { run: '42', who: { user: 'anna', controller: 'ctl', pid: 7 } })
      const error = await acquireLease(second, { run: '43' }).catch((e: unknown) => e)
      expect(error).to.be.instanceOf(HostInUse)
      expect((error as HostInUse).message).to.match(
        /^kvm1 is in use by anna@ctl \(run 42, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)$/,
      )
      expect((error as HostInUse).holder).to.include({ user: 'anna', pid: 7 })
      await lease.release()
      expect(await lease.ended).to.deep.equal({ expected: true, reason: 'released' })
      await (await acquireLease(second, { run: '43' })).release()
    })

    it('waits, says so once, and gets the host when it is free', async () => {
      const [first, second] = [await connection(), await connection()]
      const lease = await acquireLease(first, { run: '42' })
      const waited: (string | undefined)[] = []
      const next = acquireLease(second, { run: '43', wait: 10, onWaiting: (holder) => waited.push(holder?.run) })
      await until(() => waited.length > 0)
      await lease.release()
      const got = await next
      expect(waited).to.deep.equal(['42'])
      expect(said('lease')).to.contain('"run":"43"')
      await got.release()
    })

    it('gives up waiting in time, and at once when told', async () => {
      const [first, second] = [await connection(), await connection()]
      await acquireLease(first, { run: '42' })
      const start = performance.now()
      expect(await acquireLease(second, { run: '43', wait: 0.5 }).catch((e: unknown) => e)).to.be.instanceOf(HostInUse)
      expect(performance.now() - start).to.be.within(450, 3000)
      const abort = new AbortController()
      const waiting = acquireLease(second, {
        run: '43',
        wait: 60,
        signal: abort.signal,
        onWaiting: () => abort.abort(new Error('enough')),
      })
      expect(await waiting.catch((e: Error) => e.cause ?? e))
        .to.have.property('message')
        .that.matches(/enough|aborted/)
    })

    it('is free again when the connection is closed or the controller killed', async () => {
      const first = await connection()
      const lease = await acquireLease(first, { run: '42' })
      await first.close()
      expect(await lease.ended).to.have.property('expected', false)

      const controller = await killable(sshd.endpoint({ name: 'kvm1', transport }), transport)
      const second = await connection()
      expect(await acquireLease(second, { run: '43' }).catch((e: unknown) => e)).to.be.instanceOf(HostInUse)
      controller.kill('SIGKILL')
      const got = await acquireLease(second, { run: '44', wait: 5 })
      expect(got.holder.run).to.equal('44')
      await got.release()
    })

    it('waits for what a killed run has left at work, says so, and not for what that leaves running', async () => {
      const going = startedWork()
      const work = `sleep 60 </dev/null >/dev/null 2>&1 & ${going.wait}`
      const controller = await killable(sshd.endpoint({ name: 'kvm1', transport }), transport, { work })
      await until(going.isBegun)
      controller.kill('SIGKILL')
      const waited: string[] = []
      const second = await connection()
      const onWaiting = (holder: LeaseHolder | undefined, left: boolean): void =>
        void waited.push(`${holder?.run} ${left}`)
      const start = performance.now()
      let taken = false
      const taking = acquireLease(second, { run: '43', wait: 2, onWaiting }).then((lease) => {
        taken = true
        return lease
      })
      // Longer than it would wait for a run.
      await until(() => waited.at(-1) === 'child true' && performance.now() - start > 2500)
      expect(taken).to.equal(false)
      going.end()
      const freed = performance.now()
      const got = await taking
      expect(performance.now() - freed).to.be.below(10_000)
      expect(waited.at(-1)).to.equal('child true')
      expect(said('work')).to.equal('')
      await got.release()
    })

    it('is given up when the controller says nothing any more, and the controller is told', async () => {
      const controller = await killable(sshd.endpoint({ name: 'kvm1', transport }), transport, { expirySeconds: 2 })
      controller.kill('SIGSTOP')
      try {
        const got = await acquireLease(await connection(), { run: '43', wait: 10 })
        await got.release()
      } finally {
        const told = once(controller.stdout!, 'data')
        controller.kill('SIGCONT')
        expect(String(await told)).to.contain('lost')
        controller.kill('SIGKILL')
      }
    })

    it('lives on while nothing is said by the run', async () => {
      const [first, second] = [await connection(), await connection()]
      const lease = await acquireLease(first, { run: '42', expirySeconds: 2 })
      await new Promise((resolve) => setTimeout(resolve, 4500))
      expect(await acquireLease(second, { run: '43' }).catch((e: unknown) => e)).to.be.instanceOf(HostInUse)
      await lease.release()
    })

    it('tells a check run who has the host, and writes nothing', async () => {
      const [first, second] = [await connection(), await connection()]
      rmSync(folder(), { recursive: true, force: true })
      expect(await leaseHolder(await second.shell())).to.equal(undefined)
      expect(existsSync(folder())).to.equal(false)
      const lease = await acquireLease(first, { run: '42' })
      const stamp = statSync(`${folder()}/lease`).mtimeMs
      expect(await leaseHolder(await second.shell())).to.have.property('run', '42')
      expect(statSync(`${folder()}/lease`).mtimeMs).to.equal(stamp)
      await lease.release()
      expect(await leaseHolder(await second.shell())).to.equal(undefined)
      expect(said('lease')).to.equal('')
    })

    it('costs no process', async () => {
      const first = await connection()
      const shell = await first.shell()
      const count = async () =>
        String((await shell.run(sh.raw('cat /proc/$PPID/task/*/children'))).stdout)
          .trim()
          .split(' ').length
      const before = await count()
      const lease = await acquireLease(first, { run: '42' })
      expect(await count()).to.equal(before)
      await lease.release()
      expect(await count()).to.equal(before)
    })

    it('ends what a run that fell silent does, but not what is shielded', async () => {
      const [plain, shielded] = [`sleep ${uniqueSeconds()}`, `sleep ${uniqueSeconds()}`]
      // The controller's arguments name it too.
      const working = (work: string) => processes(` ${work}`).filter((pid) => argsOf(pid) === work)
      const end = async (script: string, options: string) => {
        const work = script.replace(/^.*; /, '')
        const controller = await killable(sshd.endpoint({ name: 'kvm1', transport }), transport, {
          expirySeconds: 1,
          work: script,
          options,
        })
        await until(() => working(work).length > 0)
        const fifos = fifosIn(folder())
        expect(fifos).to.not.be.empty
        controller.kill('SIGSTOP')
        const waited: string[] = []
        const next = acquireLease(await connection(), {
          run: '43',
          wait: 20,
          onWaiting: (holder, left) => void waited.push(`${holder?.run} ${left}`),
        })
        return { controller, next, waited, fifos }
      }
      const first = await end(`trap '' TERM; ${plain}`, '{}')
      const taken = await first.next
      const left = fifosIn(folder())
      expect(
        first.fifos.filter((name) => left.includes(name)),
        'what its shell had made',
      ).to.deep.equal([])
      expect(working(plain), 'is ended before the next run has the host').to.deep.equal([])
      await taken.release()
      first.controller.kill('SIGKILL')

      const second = await end(shielded, '{ shielded: true }')
      await until(() => second.waited.at(-1) === 'child true')
      const [work] = working(shielded)
      expect(work, 'is still at work').to.be.a('number')
      process.kill(work!, 'SIGKILL')
      await (await second.next).release()
      second.controller.kill('SIGKILL')
    })

    for (const shellPath of ['/bin/bash', '/bin/mksh', '/bin/busybox-sh']) {
      it(`works in ${shellPath}`, async () => {
        const path = shellPath === '/bin/busybox-sh' ? `${sshd.dir}/sh` : shellPath
        if (shellPath === '/bin/busybox-sh' && !existsSync(path)) await symlinkBusybox(path)
        const [first, second] = [await connection({ shellPath: path }), await connection({ shellPath: path })]
        const lease = await acquireLease(first, { run: '42' })
        expect(await acquireLease(second, { run: '43' }).catch((e: unknown) => e)).to.be.instanceOf(HostInUse)
        // With input, and with something that is left running.
        const going = startedWork()
        const left = '( sleep 30; sleep 30 ) </dev/null >/dev/null 2>&1 &'
        const script = sh.raw(`cat >/dev/null; ${left} ${going.wait}; exit 3`)
        const working = (await first.shell()).run(script, { shielded: true, stdin: 'in' })
        await until(going.isBegun)
        await lease.release()
        const waited: string[] = []
        const next = await acquireLease(second, {
          run: '43',
          onWaiting: (h, left) => {
            waited.push(`${h?.run} ${left}`)
            going.end()
          },
        })
        await next.release()
        expect(waited).to.deep.equal(['42 true'])
        expect(await working).to.include({ status: 3 })
        expect(String((await working).stderr)).to.equal('')
      })
    }

    it('works for another user, in a folder of its own', async () => {
      const user = sshd.user('plain')
      const [first, second] = [await connection({ user }), await connection({ user })]
      const uid = String((await (await first.shell()).run(sh.raw('id -u'))).stdout).trim()
      rmSync(`/tmp/virtfleet-${uid}`, { recursive: true, force: true })
      const leases: Lease[] = [
        await acquireLease(first, { run: '42' }),
        await acquireLease(await connection(), { run: 'root' }),
      ]
      expect(await acquireLease(second, { run: '43' }).catch((e: unknown) => e)).to.be.instanceOf(HostInUse)
      for (const lease of leases) await lease.release()
      expect(statSync(`/tmp/virtfleet-${uid}`).mode & 0o7777).to.equal(0o7700)
      rmSync(`/tmp/virtfleet-${uid}`, { recursive: true })
    })

    it('does not enter a folder another user has prepared', async () => {
      const user = sshd.user('plain')
      const first = await connection({ user })
      const uid = String((await (await first.shell()).run(sh.raw('id -u'))).stdout).trim()
      const root = await (await connection()).shell()
      await root.run(sh.raw(`mkdir -m 777 /tmp/virtfleet-${uid}`))
      const error = await acquireLease(first, { run: '42' }).catch((e: unknown) => e)
      expect(error).to.have.property('failure', 'unsupported')
      // Nor his own, where others may enter: what he writes to could be a link of theirs.
      await root.run(sh.raw(`chown ${uid} /tmp/virtfleet-${uid}`))
      const open = await acquireLease(await connection({ user }), { run: '42' }).catch((e: unknown) => e)
      expect(open).to.have.property('failure', 'unsupported')
      rmSync(`/tmp/virtfleet-${uid}`, { recursive: true })
    })
  })
}

const argsOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()
  } catch {
    return ''
  }
}

/** Work that lasts until the test ends it (a minute at most), not a clock that a slow machine outruns. */
function startedWork(): { readonly wait: string; isBegun(): boolean; end(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-work-'))
  const file = join(folder, 'going')
  writeFileSync(file, '')
  return {
    wait: `: >${file}.begun; for i in $(seq 600); do [ -e ${file} ] || break; sleep 0.1; done`,
    isBegun: () => existsSync(`${file}.begun`),
    end: () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function symlinkBusybox(path: string): Promise<void> {
  const { symlink } = await import('node:fs/promises')
  await symlink('/usr/bin/busybox', path)
}

import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { expect } from 'chai'
import { HostConnection } from '../../../core/connection/connection.ts'
import { acquireLease } from '../../../core/connection/lease/lease.ts'
import { openOpenssh } from '../../../core/connection/openssh/transport.ts'
import { sh } from '../../../core/connection/quote.ts'
import { openSsh } from '../../../core/connection/ssh/transport.ts'
import type { Connection } from '../../../core/connection/types.ts'
import { type Sshd, startSshd } from '../sshd.ts'
import { fifosIn, killable, until } from './lease-lab.ts'
import { processes, uniqueSeconds } from './setup.ts'

for (const transport of ['ssh', 'openssh'] as const) {
  describe(`FIFOs beside the lease over ${transport}`, function () {
    this.timeout(300_000)
    let sshd: Sshd
    const open: Connection[] = []
    const folder = () => `${sshd.run}/virtfleet`
    const named = () => readFileSync(`${folder()}/fifos`, 'utf8')
    const connection = async (): Promise<Connection> => {
      const endpoint = sshd.endpoint({ name: 'kvm1', transport })
      const way = await (transport === 'ssh' ? openSsh(endpoint) : openOpenssh(endpoint))
      const made = new HostConnection(endpoint, way, { graceMs: 500 })
      open.push(made)
      return made
    }

    before(async () => {
      sshd = await startSshd({ ownRun: true })
    })
    afterEach(async () => {
      await Promise.all(open.splice(0).map((one) => one.close()))
    })
    after(() => sshd?.stop())

    const both = sh.raw('echo said; echo also >&2')
    /** A run that gives the lease up before its connection ends; the FIFOs that it used. */
    const run = async (script = both, { releases = true } = {}): Promise<string[]> => {
      const holder = await connection()
      const lease = await acquireLease(holder, { run: '42' })
      const { stdout, stderr } = await (await holder.shell()).run(script, { foreign: true })
      expect([String(stdout), String(stderr)]).to.deep.equal(['said\n', 'also\n'])
      const used = fifosIn(folder())
      if (releases) await lease.release()
      await holder.close()
      return used
    }
    beforeEach(() => rmSync(folder(), { recursive: true, force: true }))

    it('stay for the next run, and nobody else may open them', async () => {
      const used = await run()
      expect(used).to.not.be.empty
      expect(statSync(`${folder()}/${used[0]}`).mode & 0o077).to.equal(0)
      await until(() => named() !== '')
      for (let i = 0; i < 2; i++) expect(await run()).to.deep.equal(used)
    })

    it('go with a shell that is closed before it gives up the lease', async () => {
      expect(await run(both, { releases: false })).to.not.be.empty
      await until(() => fifosIn(folder()).length === 0)
    })

    it('go where something has one open still, so that nobody reads what it says', async () => {
      const seconds = uniqueSeconds()
      const used = await run(sh.raw(`echo said; echo also >&2; ( sleep ${seconds}; echo stray ) &`))
      await until(() => fifosIn(folder()).length === 0)
      const next = await run()
      expect(next.filter((name) => used.includes(name))).to.deep.equal([])
      for (const pid of processes(` ${seconds}`)) process.kill(pid)
      expect(await run()).to.deep.equal(next)
    })

    it('stay where something is left running that has none of them open', async () => {
      const seconds = uniqueSeconds()
      const used = await run(sh.raw(`echo said; echo also >&2; sleep ${seconds} >/dev/null 2>&1 &`))
      expect(await run()).to.deep.equal(used)
      for (const pid of processes(` ${seconds}`)) process.kill(pid)
    })

    it('are made anew where one is missing, and taken by nobody else meanwhile', async () => {
      const used = await run()
      rmSync(`${folder()}/${used.find((name) => name.endsWith('-o3'))}`)
      const next = await run()
      expect(next.filter((name) => used.includes(name))).to.deep.equal([])
      const controller = await killable(sshd.endpoint({ name: 'kvm1', transport }), transport, { work: 'sleep 0' })
      await until(() => named() === '')
      controller.kill('SIGKILL')
      await until(() => fifosIn(folder()).length === 0)
      expect(await run()).to.have.length(next.length)
    })

    it('have names of their own each time, for the old ones may be in use by who took them', async () => {
      const [first, second] = [await connection(), await connection()]
      const says = async (holder: Connection, script = both): Promise<string> => {
        const { stdout } = await (await holder.shell()).run(script, { foreign: true })
        return String(stdout)
      }
      const before = await acquireLease(first, { run: '42' })
      expect(await says(first)).to.equal('said\n')
      await before.release()
      const between = await acquireLease(second, { run: '43' })
      // What it keeps open keeps its FIFOs from being left.
      const seconds = uniqueSeconds()
      expect(await says(second, sh.raw(`echo said; ( sleep ${seconds}; echo stray ) &`))).to.equal('said\n')
      await between.release()
      const after = await acquireLease(first, { run: '42' })
      expect(await says(first)).to.equal('said\n')
      for (const pid of processes(` ${seconds}`)) process.kill(pid)
      expect([await says(first), await says(second), await says(first)]).to.deep.equal(['said\n', 'said\n', 'said\n'])
      await after.release()
    })

    it('are in a folder of their own without the lease', async () => {
      const other = await connection()
      await (await other.shell()).run(both, { foreign: true })
      expect(existsSync(folder())).to.equal(false)
    })
  })
}

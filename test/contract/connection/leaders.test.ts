import { expect } from 'chai'
import { type CommandOptions, type Connection, type Shell, type ShellText, sh } from '../../../core/connection/index.ts'
import { leader } from '../../../core/connection/shell/leader.ts'
import { Bench, eventually, processes, SHELLS, TRANSPORTS, uniqueSeconds } from './setup.ts'

const LEADS: CommandOptions = { foreign: true, leads: true }
const script = (text: ShellText): ShellText => leader(sh`/bin/sh`, sh`-c ${text.text}`)

describe('connection: commands that lead sessions of their own', function () {
  this.timeout(120_000)
  const bench = new Bench()
  before(() => bench.start())
  after(() => bench.stop())

  for (const transport of TRANSPORTS) {
    for (const kind of SHELLS) {
      if (transport !== 'ssh' && kind !== 'dash' && kind !== 'mksh') continue
      describe(`${transport}, ${kind}`, () => {
        let connection: Connection
        let shell: Shell
        before(async () => {
          connection = await bench.connect(transport, kind)
          shell = await connection.shell()
        })
        const said = async (text: ShellText, options: CommandOptions = LEADS): Promise<string> => {
          const { stdout } = await shell.run(text, options)
          return stdout.toString().trim()
        }
        const running = (seconds: string) => processes(`sleep ${seconds}`)

        it('are in no session but their own', async () => {
          const [pid, session, job] = (await said(script(sh`echo $$ $(ps -o sid= -p $$) $PPID`))).split(' ')
          expect(session).to.equal(pid)
          // mksh gives each batch to a new job.
          if (kind !== 'mksh') expect(await said(sh`echo $$`, { childless: true })).to.equal(job)
          expect((await said(script(sh`echo $PPID`))) === job).to.equal(kind !== 'mksh')
        })

        it('answer with their status, outputs and input', async () => {
          const done = await shell.run(script(sh`cat; echo err >&2; exit 5`), { ...LEADS, stdin: 'in' })
          expect([done.status, `${done.stdout}`, `${done.stderr}`]).to.deep.equal([5, 'in', 'err\n'])
        })

        it('need nothing of their PATH', async () => {
          const text = sh`PATH=/nowhere; ${script(sh`echo there`)}`
          expect(await said(text)).to.equal('there')
        })

        it('are complained about by the shell where they are not there', async () => {
          const done = await shell.run(leader(sh`no-such-program`, sh`-x`), LEADS)
          expect(done.status).to.equal(127)
          expect(done.stderr.toString()).to.match(/no-such-program.*not found/)
        })

        it('are ended with all that they started, and with nothing that others left', async () => {
          const [left, own, orphan] = [uniqueSeconds(), uniqueSeconds(), uniqueSeconds()]
          await shell.run(script(sh`sleep ${left} >/dev/null 2>&1 & :`), LEADS)
          const stop = new AbortController()
          const work = shell
            .run(script(sh`(sleep ${orphan} &); trap '' TERM; sleep ${own}; sleep ${own}`), {
              ...LEADS,
              signal: stop.signal,
            })
            .catch((error: Error) => error.message)
          const behind = shell.run(script(sh`echo behind`), LEADS)
          expect(await eventually(() => running(own).length > 0 && running(orphan).length > 0)).to.equal(true)
          stop.abort(new Error('stop'))
          expect(await work).to.equal('stop')
          expect((await behind).stdout.toString()).to.equal('behind\n')
          expect(running(own).concat(running(orphan))).to.deep.equal([])
          expect(running(left)).to.have.length(1)
          for (const pid of running(left)) process.kill(pid)
        })

        it('are ended when they have hardly begun', async () => {
          const seconds = uniqueSeconds()
          for (const wait of [0, 1, 2, 3, 5, 8]) {
            const stop = new AbortController()
            const work = shell.run(leader(sh`sleep`, sh`${seconds}`), { ...LEADS, signal: stop.signal })
            const ended = work.catch((error: Error) => error.message)
            await new Promise((resolve) => setTimeout(resolve, wait))
            stop.abort(new Error('stop'))
            expect(await ended).to.equal('stop')
            expect(await said(script(sh`echo next`))).to.equal('next')
            expect(running(seconds)).to.deep.equal([])
          }
        })

        it('share a batch with what is shielded, which is not ended with them', async () => {
          const [own, shielded] = [uniqueSeconds(), uniqueSeconds()]
          const stop = new AbortController()
          const work = shell
            .run(leader(sh`sleep`, sh`${own}`), { ...LEADS, signal: stop.signal })
            .catch((error: Error) => error.message)
          const kept = shell.run(sh`sleep 0.2; echo ${shielded}`, { shielded: true, signal: stop.signal })
          expect(await eventually(() => running(own).length > 0)).to.equal(true)
          stop.abort(new Error('stop'))
          expect(await work).to.equal('stop')
          await kept.catch(() => undefined)
          expect(running(own)).to.deep.equal([])
        })

        it('end with their connection', async () => {
          const seconds = uniqueSeconds()
          const other = await bench.connect(transport, kind, { name: `${transport}-${kind}-ending` })
          const work = (await other.shell()).run(script(sh`trap '' TERM; sleep ${seconds}; sleep ${seconds}`), LEADS)
          work.catch(() => undefined)
          expect(await eventually(() => running(seconds).length > 0)).to.equal(true)
          await other.close()
          expect(await eventually(() => running(seconds).length === 0, 10_000)).to.equal(true)
        })
      })
    }
  }
})

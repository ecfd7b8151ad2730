import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type CommandOptions,
  CommandTimeout,
  type Connection,
  OutputTooLarge,
  type Shell,
  type ShellText,
  sh,
} from '../../../core/connection/index.ts'
import { Bench, eventually, processes, SHELLS, TRANSPORTS, uniqueSeconds } from './setup.ts'

const text = (bytes: Buffer): string => bytes.toString('utf8')
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => {
      throw new Error('it was expected to fail')
    },
    (error: Error) => error,
  )

describe('connection: a session', function () {
  this.timeout(300_000)
  const bench = new Bench()
  before(() => bench.start())
  after(() => bench.stop())

  it('does not look for what a command has left by the numbers of another system', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'virtfleet-loadavg-'))
    const [fake, path] = [join(folder, 'loadavg'), join(folder, 'sh')]
    // As lxcfs puts the host's over a container's.
    const number = (n: number) => `0.00 0.00 0.00 1/100 ${n}`
    writeFileSync(fake, `${number(4_000_000_000)}\n`)
    const inner = `mount --bind ${fake} /proc/loadavg && exec /bin/dash "$@"`
    writeFileSync(path, `#!/bin/sh\nexec unshare -m /bin/sh -c '${inner}' sh "$@"\n`, { mode: 0o755 })
    try {
      const connection = await bench.pool.get(bench.endpoint('local', 'dash', { name: 'lxcfs', shellPath: path }))
      const shell = await connection.shell()
      const seconds = uniqueSeconds()
      const leaving = sh`sleep ${seconds} </dev/null >/dev/null 2>&1 &
        echo ${number(4_000_000_001)} >${fake}; echo $$`
      const first = await shell.run(leaving, { foreign: true })
      const second = await shell.run(sh`echo $$`, { foreign: true })
      expect(text(second.stdout)).not.to.equal(text(first.stdout))
      for (const pid of processes(seconds)) process.kill(pid)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  for (const transport of TRANSPORTS) {
    for (const kind of SHELLS) {
      // The shell is what differs over ssh; the other transports are tried with the two most different ones.
      if (transport !== 'ssh' && kind !== 'dash' && kind !== 'mksh') continue
      describe(`${transport}, ${kind}`, () => {
        let connection: Connection
        let shell: Shell
        // What other programs of this machine have, or had.
        let strangers: ReadonlySet<string>
        before(async () => {
          connection = await bench.connect(transport, kind)
          shell = await connection.shell()
          strangers = new Set(fifoDirectories())
        })

        it('sends the commands of one tick in one write, in order', async () => {
          const before = shell.writes
          const results = await Promise.all(
            Array.from({ length: 20 }, (_, i) => shell.run(sh`echo ${i}; echo e${i} >&2; exit ${i}`)),
          )
          expect(results.map((r) => r.status)).to.deep.equal(Array.from({ length: 20 }, (_, i) => i))
          expect(results.map((r) => text(r.stdout))).to.deep.equal(Array.from({ length: 20 }, (_, i) => `${i}\n`))
          expect(results.map((r) => text(r.stderr))).to.deep.equal(Array.from({ length: 20 }, (_, i) => `e${i}\n`))
          expect(shell.writes - before).to.equal(1)
        })

        it('has a known environment', async () => {
          const result = await shell.run(
            sh`echo "$LC_ALL"; echo "$PATH"; echo "$HOME"; umask; echo "$#"; set -- a; exit`,
          )
          const [locale, path, home, umask, count] = text(result.stdout).split('\n')
          expect(locale).to.equal('C.UTF-8')
          expect(path).to.match(/^\/usr\/local\/sbin:.*\/sbin/)
          expect(home).to.equal('/root')
          expect(umask).to.match(/^0?022$/)
          expect(count).to.equal('0')
        })

        it('keeps one command from the next', async () => {
          const results = await Promise.all([
            shell.run(sh`cd /; x=1; exit 3`),
            shell.run(sh`echo "[$x]$(pwd)"`),
            shell.run(sh`if then`),
            shell.run(sh`cat; echo done`),
          ])
          expect(results[0].status).to.equal(3)
          expect(text(results[1].stdout)).to.match(/^\[\](?!\/\n)/)
          expect(results[2].status).to.not.equal(0)
          expect(text(results[2].stderr)).to.match(/syntax|unexpected/)
          expect(text(results[3].stdout)).to.equal('done\n')
        })

        it('passes bytes as they are, both ways', async () => {
          const bytes = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, i) => i)), randomBytes(60_000)])
          const [out, err] = await Promise.all([
            shell.run(sh`cat`, { stdin: bytes }),
            shell.run(sh`cat >&2`, { stdin: bytes }),
          ])
          expect(out.stdout.equals(bytes), 'stdout').to.equal(true)
          expect(err.stderr.equals(bytes), 'stderr').to.equal(true)
        })

        it('takes 10 MB of input and says how many came', async () => {
          const stdin = Buffer.alloc(10_000_000, 7)
          const [result, other] = await Promise.all([shell.run(sh`wc -c`, { stdin }), shell.run(sh`echo beside`)])
          expect(Number(text(result.stdout))).to.equal(stdin.length)
          expect(text(other.stdout)).to.equal('beside\n')
        })

        it('does not put input or script into an argument or the environment', async () => {
          const secret = `s3cret${randomBytes(8).toString('hex')}`
          const hidden = (word: string) => sh.raw(`'[${word[0]}]${word.slice(1)}'`)
          const pattern = hidden(secret)
          const encoded = hidden(Buffer.from(secret).toString('base64').slice(0, 16))
          const script = sh`cat >/dev/null; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c -e ${pattern} -e ${encoded}`
          expect(
            text((await shell.run(script, { stdin: secret })).stdout)
              .trim()
              .split('\n')
              .at(-1),
          ).to.match(/\b0$/)
        })

        it('ends a command that takes too long, and goes on with the next', async () => {
          const seconds = uniqueSeconds()
          const slow = failure(shell.run(sh`sleep ${seconds}`, { timeoutMs: 200 }))
          const next = shell.run(sh`echo next`, { timeoutMs: 20_000 })
          expect(await slow).to.be.instanceOf(CommandTimeout)
          expect(text((await next).stdout)).to.equal('next\n')
          expect(await eventually(() => processes(seconds).length === 0)).to.equal(true)
        })

        it('kills what does not listen to TERM after a grace', async () => {
          const seconds = uniqueSeconds()
          const script = sh`trap '' TERM; sleep ${seconds}`
          expect(await failure(shell.run(script, { timeoutMs: 100 }))).to.be.instanceOf(CommandTimeout)
          expect(text((await shell.run(sh`echo on`)).stdout)).to.equal('on\n')
          expect(await eventually(() => processes(seconds).length === 0)).to.equal(true)
        })

        it('aborts one command and no other', async () => {
          const seconds = uniqueSeconds()
          const stop = new AbortController()
          const first = shell.run(sh`echo first`)
          const aborted = failure(shell.run(sh`sleep ${seconds}`, { signal: stop.signal }))
          const behind = shell.run(sh`echo behind`)
          await first
          await eventually(() => processes(seconds).length > 0)
          stop.abort()
          expect((await aborted).name).to.equal('AbortError')
          expect(text((await behind).stdout)).to.equal('behind\n')
          expect(await eventually(() => processes(seconds).length === 0)).to.equal(true)
        })

        it('ends a command that writes too much, and runs the next', async () => {
          const flood = failure(shell.run(sh`yes`, { maxOutput: 100_000 }))
          const next = shell.run(sh`echo next`)
          expect(await flood).to.be.instanceOf(OutputTooLarge)
          expect(text((await next).stdout)).to.equal('next\n')
        })

        it('gives a command no input but its own', async () => {
          const commands = [
            {},
            { foreign: true },
            { childless: true },
            { foreign: true, timeoutMs: 20_000 },
            { shielded: true },
          ]
          for (const options of commands) {
            const [none, some] = await Promise.all([
              shell.run(sh`cat; readlink /proc/self/fd/0`, options),
              shell.run(sh`cat`, { ...options, stdin: 'one\ntwo' }),
            ])
            expect([text(none.stdout), text(some.stdout)]).to.deep.equal(['/dev/null\n', 'one\ntwo'])
          }
        })

        it('lets a foreign command leave a process behind', async () => {
          const seconds = uniqueSeconds()
          const script = sh`( sleep 0.3; while :; do echo late; done ) & nohup sleep ${seconds} 2>&1 & echo out; echo err >&2; exit 5`
          const result = await shell.run(script, { foreign: true })
          expect([result.status, text(result.stdout), text(result.stderr)]).to.deep.equal([5, 'out\n', 'err\n'])
          const after = await Promise.all([shell.run(sh`sleep 0.4; echo clean`), shell.run(sh`echo too`)])
          expect(after.map((r) => text(r.stdout) + text(r.stderr))).to.deep.equal(['clean\n', 'too\n'])
          const left = processes(seconds)
          expect(left).to.have.length(1)
          for (const pid of left) process.kill(pid)
        })

        it('is closed right behind an answer without what the command has left running', async () => {
          const left: string[] = []
          for (let i = 0; i < 10; i++) {
            left.push(uniqueSeconds())
            await shell.run(sh`sleep ${left.at(-1)!} </dev/null >/dev/null 2>&1 &`, { foreign: true })
            await connection.resetShell()
            shell = await connection.shell()
          }
          await shell.run(sh`sleep 0.3`)
          for (const seconds of left) {
            const survivors = processes(seconds)
            expect(survivors).to.have.length(1)
            process.kill(survivors[0]!)
          }
        })

        it("gives a job that a user's command has left nothing in to the next one, and ends nothing that was left", async () => {
          const [plain, apart] = [uniqueSeconds(), uniqueSeconds()]
          const job = async (script: ShellText): Promise<string> =>
            text(
              (
                await shell.run(
                  sh`${script}
echo $$`,
                  { foreign: true },
                )
              ).stdout,
            ).trim()
          // mksh gives each batch to a new one; a machine that starts too much at the moment makes the others do so, too.
          let same = kind === 'mksh'
          for (let i = 0; i < 50 && !same; i++) same = (await job(sh`:`)) === (await job(sh`ls / >/dev/null`))
          expect(same).to.equal(true)
          const left = await job(sh`sleep ${plain} </dev/null >/dev/null 2>&1 &`)
          const next = await job(sh`setsid sleep ${apart} </dev/null >/dev/null 2>&1 &`)
          expect(next).not.to.equal(left)
          const stop = new AbortController()
          const running = failure(shell.run(sh`sleep 400.${process.pid}`, { foreign: true, signal: stop.signal }))
          expect(await eventually(() => processes(`sleep 400.${process.pid}`).length > 0)).to.equal(true)
          stop.abort()
          expect((await running).name).to.equal('AbortError')
          expect(await eventually(() => processes(`sleep 400.${process.pid}`).length === 0)).to.equal(true)
          for (const seconds of [plain, apart]) {
            const survivors = processes(seconds)
            expect(survivors).to.have.length(1)
            process.kill(survivors[0]!)
          }
        })

        it('gives commands that leave nothing to the same job, and others to a new one', async () => {
          // mksh gives each batch to a new one.
          if (kind === 'mksh') return
          const pid = async (options: CommandOptions): Promise<string> =>
            text((await shell.run(sh`echo $$`, options)).stdout).trim()
          await pid({ foreign: true })
          const [first, second] = [await pid({ childless: true }), await pid({ childless: true })]
          expect(second).to.equal(first)
          expect(await pid({})).to.equal(first)
          expect(await pid({ childless: true })).not.to.equal(first)
        })

        it('gives a batch to a new job where the one that waited for it was killed', async () => {
          if (kind === 'mksh') return
          const job = await shell.run(sh`echo $$`, { childless: true })
          process.kill(Number(text(job.stdout)), 'SIGKILL')
          expect(await eventually(() => !existsSync(`/proc/${text(job.stdout).trim()}/exe`))).to.equal(true)
          for (const options of [{ childless: true }, { foreign: true }, {}])
            expect(text((await shell.run(sh`echo again`, options)).stdout)).to.equal('again\n')
        })

        it('gives users their commands one after the other, with a limit of time or without', async () => {
          for (const timeoutMs of [10_000, 10_000, 0, 10_000]) {
            const { stdout } = await shell.run(sh`echo one; sleep 60 & echo two`, { foreign: true, timeoutMs })
            expect(text(stdout)).to.equal('one\ntwo\n')
          }
        })

        it('goes on after a command was ended in a job that others were to follow in', async () => {
          await shell.run(sh`:`, { foreign: true })
          await shell.run(sh`:`, { childless: true })
          const [seconds, stop] = [uniqueSeconds(), new AbortController()]
          const hangs = failure(shell.run(sh`sleep ${seconds}`, { childless: true, signal: stop.signal }))
          const behind = shell.run(sh`echo behind`, { childless: true })
          await eventually(() => processes(`sleep ${seconds}`).length > 0)
          stop.abort(new Error('enough'))
          expect((await hangs).message).to.equal('enough')
          expect(text((await behind).stdout)).to.equal('behind\n')
          expect(processes(`sleep ${seconds}`)).to.have.length(0)
        })

        it('takes a script of any size in a job that waits', async () => {
          for (const size of [10, 11_000, 13_000, 200_000, 10]) {
            const word = 'x'.repeat(size)
            const { stdout } = await shell.run(sh`w=${word}; echo "\${#w}"`, { childless: true })
            expect(text(stdout)).to.equal(`${size}\n`)
          }
        })

        it('gives lines as they come, beside other commands', async () => {
          const lines: string[] = []
          const running = shell.run(sh`echo one; echo two >&2; read x </dev/null; printf three`, {
            onLine: (stream, line) => lines.push(`${stream} ${line}`),
          })
          expect((await running).status).to.equal(0)
          expect(lines).to.have.members(['stdout one', 'stderr two', 'stdout three'])
        })

        it('takes a new channel when something wrote out of turn', async () => {
          // Not said to be foreign, and yet it leaves a process that holds the output.
          await shell.run(sh`{ while :; do echo stray; sleep 0.05; done; } & :`)
          const results = await Promise.all([shell.run(sh`echo a`), shell.run(sh`echo b`)])
          const again = await shell.run(sh`echo c`)
          expect(text(again.stdout)).to.equal('c\n')
          expect(results.map((r) => text(r.stdout)).join('')).to.match(/a\n.*b\n/s)
        })

        it('keeps the order, whatever becomes of the channel', async () => {
          const came: number[] = []
          const runs: Promise<unknown>[] = [shell.run(sh`{ while :; do echo stray; sleep 0.01; done; } & :`)]
          for (let i = 0; i < 20; i++) {
            runs.push(
              shell.run(sh`date +%s%N`).then(({ stdout }) => came.push(Number(text(stdout).match(/\d{9,}/)?.[0]))),
            )
            await new Promise((resolve) => setTimeout(resolve, 4))
          }
          await Promise.all(runs)
          expect(came).to.have.length(20)
          expect(came).to.deep.equal([...came].sort((a, b) => a - b))
        })

        it('lets a shielded command run to its end after an abort', async () => {
          const stop = new AbortController()
          const mark = `/tmp/virtfleet-shielded-${randomBytes(6).toString('hex')}`
          const running = shell.run(sh`: >${mark}; while [ -e ${mark} ]; do sleep 0.05; done; echo finished`, {
            shielded: true,
            signal: stop.signal,
          })
          const { existsSync, rmSync } = await import('node:fs')
          await eventually(() => existsSync(mark))
          stop.abort()
          rmSync(mark)
          expect(text((await running).stdout)).to.equal('finished\n')
        })

        it('ends a shielded command if somebody insists, with what it started in sessions of its own', async () => {
          const stop = new AbortController()
          const [own, other] = [uniqueSeconds(), uniqueSeconds()]
          const running = failure(
            shell.run(sh`setsid sh -c 'sleep '${other}'; :' & trap '' TERM; sleep ${own}; sleep ${own}`, {
              shielded: true,
              signal: stop.signal,
              insist: stop.signal,
            }),
          )
          const there = (): boolean => processes(`sleep ${own}`).length > 0 && processes(`sleep ${other}`).length > 0
          expect(await eventually(there)).to.equal(true)
          stop.abort(new Error('stop at once'))
          expect((await running).message).to.equal('stop at once')
          const gone = (): boolean => processes(`sleep ${own}`).length === 0 && processes(`sleep ${other}`).length === 0
          expect(await eventually(gone, 10_000)).to.equal(true)
          expect(text((await shell.run(sh`echo next`)).stdout)).to.equal('next\n')
        })

        it('leaves no FIFO directory', async () => {
          await shell.run(sh`:`, { foreign: true })
          await connection.resetShell()
          const left = (): string[] => fifoDirectories().filter((name) => !strangers.has(name))
          const fresh = await connection.shell()
          expect((await fresh.run(sh`:`)).status).to.equal(0)
          shell = fresh
          expect(await eventually(() => left().length <= 1)).to.equal(true)
        })
      })
    }

    it(`${transport}: 100 MB of output do not block the way`, async () => {
      const shell = await (await bench.connect(transport)).shell()
      const big = await shell.run(sh`head -c 100000000 /dev/zero; echo end >&2`, { maxOutput: 200_000_000 })
      expect(big.stdout.length).to.equal(100_000_000)
      expect(text(big.stderr)).to.equal('end\n')
    })
  }
})

function listing(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}
const fifoDirectories = (): string[] =>
  ['/dev/shm', '/run/user/0'].flatMap((d) => listing(d)).filter((name) => name.startsWith('.virtfleet-'))

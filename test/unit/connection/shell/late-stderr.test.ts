import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { sh } from '../../../../core/connection/index.ts'
import { localTransport } from '../../../../core/connection/local/transport.ts'
import { UserShell } from '../../../../core/connection/shell/shell.ts'
import { startShell } from '../../../../core/connection/shell/start.ts'
import type { OpenChannel } from '../../../../core/connection/transport.ts'

/** So long behind stdout; sshd passes both on as they are, in no order. */
const LATE_MS = 15

/** A shell of this machine whose stderr comes late. */
async function lateShell(): Promise<{ shell: UserShell; close(): Promise<void> }> {
  const transport = localTransport({
    name: 'local',
    transport: 'local',
    address: 'localhost',
    hostKeys: { policy: 'off' },
  })
  const open: OpenChannel = async (command, options) => {
    const channel = await transport.openChannel(command, options)
    const stderr = new PassThrough({ highWaterMark: 1 << 24 })
    channel.stderr.on('data', (bytes: Buffer) => setTimeout(() => stderr.write(bytes), LATE_MS))
    const { stdin, stdout, exit } = channel
    return { stdin, stdout, stderr, exit, close: () => channel.close() }
  }
  const start = () => startShell({ host: 'local', open, shellPath: '/bin/sh', graceMs: 1000 })
  const runWithInput = () => Promise.reject(new Error('not here'))
  const shell = new UserShell({ name: 'local', shellPath: '/bin/sh', start, runWithInput }, await start())
  return {
    shell,
    async close() {
      await shell.close()
      await transport.close()
    },
  }
}

describe('a stderr that comes behind stdout', function () {
  this.timeout(60_000)
  let late: Awaited<ReturnType<typeof lateShell>>
  beforeEach(async () => {
    late = await lateShell()
  })
  afterEach(() => late.close())

  it('gives no command what an earlier one has left saying', async () => {
    const { shell } = late
    for (let i = 0; i < 4; i++) {
      await shell.run(sh`( sleep 0.02; echo NOISE >&2 ) & echo one`, { foreign: true })
      const next = [shell.run(sh`echo two`, { childless: true }), shell.run(sh`echo three`, { foreign: true })]
      for (const { stderr } of await Promise.all(next)) expect(stderr.toString()).to.equal('')
    }
  })

  it('is waited for', async () => {
    const { shell } = late
    for (const options of [{ childless: true }, {}, { foreign: true }, { shielded: true }]) {
      const { stdout, stderr } = await shell.run(sh`echo out; echo err >&2`, options)
      expect([stdout.toString(), stderr.toString()]).to.deep.equal(['out\n', 'err\n'])
    }
  })

  it('gives no command what one of ours has left saying before it begins', async () => {
    const { shell } = late
    for (let i = 0; i < 3; i++) {
      const listener = Number((await shell.run(sh`( sleep 0.1; echo NOISE; echo NOISE >&2 ) & echo $PPID`)).stdout)
      // As if it were far away: the next one has been sent when the noise comes.
      process.kill(listener, 'SIGSTOP')
      setTimeout(() => process.kill(listener, 'SIGCONT'), 300)
      const { stdout, stderr } = await shell.run(sh`echo next; echo said >&2`, { childless: true })
      expect([stdout.toString(), stderr.toString()]).to.deep.equal(['next\n', 'said\n'])
    }
  })
})

import { EventEmitter } from 'node:events'
import { Duplex, PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { Streams } from '../../../../core/cli/streams.ts'
import { joinTerminal } from '../../../../core/cli/vm/raw-terminal.ts'
import type { Channel, TerminalSize } from '../../../../core/connection/index.ts'

/** A terminal of 120 by 40, and a channel whose other side the test is. */
function made() {
  const raw: boolean[] = []
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) })
  const out = Object.assign(new PassThrough(), { columns: 120, rows: 40 })
  const typed: Buffer[] = []
  const sizes: TerminalSize[] = []
  const end = new EventEmitter()
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      typed.push(chunk)
      done()
    },
  })
  const channel: Channel = {
    stream,
    stderr: new PassThrough(),
    exit: new Promise((resolve, reject) => {
      end.once('exit', (status: number) => resolve({ status }))
      end.once('error', reject)
      stream.once('close', () => reject(new Error('the channel was closed')))
    }),
    resize: (size) => void sizes.push(size),
    close: () => void stream.destroy(),
  }
  const joined = joinTerminal(channel, { in: input, out, err: out } as unknown as Streams)
  joined.catch(() => undefined)
  return { raw, input, out, stream, end, sizes, joined, typed: () => Buffer.concat(typed).toString('latin1') }
}

describe('a terminal joined with a console', () => {
  const listeners = (): number => process.listenerCount('SIGTERM') + process.listenerCount('exit')

  it('passes on what is typed, what is said, and its size', async () => {
    const { input, out, stream, end, sizes, joined, typed, raw } = made()
    input.write('ls\r')
    stream.push(Buffer.from('\u001b[1mroot#\u0000'))
    out.emit('resize')
    await delay(10)
    expect(typed()).to.equal('ls\r')
    expect(String(out.read())).to.equal('\u001b[1mroot#\u0000')
    expect(sizes).to.deep.equal([{ columns: 120, rows: 40 }])
    end.emit('exit', 3)
    expect(await joined).to.equal(3)
    expect(raw).to.deep.equal([true, false])
  })

  it('is left by Ctrl-], and nothing behind it is sent', async () => {
    const { input, joined, typed, raw, end } = made()
    input.write('a\u001db')
    await delay(10)
    expect(typed()).to.equal('a\u001d')
    end.emit('exit', 1)
    expect(await joined).to.equal(0)
    expect(raw).to.deep.equal([true, false])
  })

  it('is left by Ctrl-] though the other side is dead', async () => {
    const { input, joined, raw } = made()
    input.write('\u001d')
    expect(await joined).to.equal(0)
    expect(raw).to.deep.equal([true, false])
  })

  it('is as before when the connection breaks', async () => {
    const before = listeners()
    const { input, out, joined, raw, end } = made()
    expect(listeners()).to.be.greaterThan(before)
    end.emit('error', new Error('lost'))
    expect(await joined.catch((error: Error) => error.message)).to.equal('lost')
    expect(raw).to.deep.equal([true, false])
    expect(listeners()).to.equal(before)
    expect(input.listenerCount('data') + out.listenerCount('resize')).to.equal(0)
  })

  it('is as before after a SIGTERM', async () => {
    const { joined, raw, typed } = made()
    process.emit('SIGTERM')
    expect(await joined).to.equal(0)
    expect(typed()).to.equal('\u001d')
    expect(raw).to.deep.equal([true, false])
  })
})

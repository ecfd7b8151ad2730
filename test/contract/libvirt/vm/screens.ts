import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { VmLab } from './lab.ts'

/** A boot sector that sends back what comes on the first serial port. */
const ECHO = Buffer.from('bafd03eca80174fbb2f8ec50b2fdeca82074fb58b2f8eeebe7', 'hex')

/** console, vnc. */
export function screenTests(lab: () => VmLab): void {
  before(async () => {
    await lab().clean()
    const sector = Buffer.concat([ECHO, Buffer.alloc(510 - ECHO.length), Buffer.from([0x55, 0xaa])]).toString('base64')
    const disk = await lab().define(0, 'echo', {
      devices: `<serial type='pty'/><console type='pty'><target type='serial'/></console>
<graphics type='vnc' port='-1' passwd='hunter2x'/>`,
    })
    await lab().define(0, 'mute')
    await lab().native(
      0,
      `echo ${sector} | base64 -d >/run/echo.img; truncate -s 1M /run/echo.img
qemu-img convert -q -f raw -O qcow2 /run/echo.img ${disk}; virsh -q start echo; virsh -q start mute`,
    )
  })
  after(() => lab().native(0, 'virsh -q destroy echo; virsh -q destroy mute'))

  const ways: [string, (lab: VmLab) => string[]][] = [
    ['root, by ssh', (l) => ['-i', l.both]],
    ['root, by the system’s ssh', (l) => ['-i', l.both, '-c', 'openssh']],
    ['another user, by sudo', (l) => ['-i', l.asAdmin, '-b']],
  ]
  for (const [who, args] of ways) {
    it(`joins the console as ${who}, and leaves it by Ctrl-]`, async () => {
      const working = lab().start({ terminal: true }, 'console', 'echo', '--force', ...args(lab()))
      await working.says(/Ctrl-\] leaves it/)
      // The guest may still be in its firmware.
      let heard = false
      for (let i = 0; i < 60 && !heard; i++) {
        working.input.write('~')
        heard = await working.says(/~/, 500).then(
          () => true,
          () => false,
        )
      }
      working.input.write('hello \u0003\u0004 world')
      await working.says(/hello \u0003\u0004 world/)
      const size = 'stty -F $(readlink /proc/$(pgrep -n -x virsh)/fd/0) size'
      expect(await lab().native(0, size)).to.equal('30 90')
      working.output.columns = 132
      working.output.emit('resize')
      await delay(200)
      // The system's ssh has no way to tell a size without a terminal of its own.
      expect(await lab().native(0, size)).to.equal(who.includes('system') ? '30 90' : '30 132')
      working.input.write('\u001d')
      const { code, err } = await working.done
      expect(err).to.match(/left the console of echo@/)
      expect(code).to.equal(0)
      expect(await lab().native(0, 'pgrep -c -x virsh || true')).to.equal('0')
      expect(await lab().native(0, 'virsh domstate echo')).to.equal('running')
    })
  }

  it('tells that the connection of a console is lost, and ends with 4', async () => {
    const working = lab().start({ terminal: true }, 'console', 'echo', '--force', '-i', lab().both)
    await working.says(/Ctrl-\] leaves it/)
    await lab().native(
      0,
      `for i in $(seq 50); do p=$(pgrep -n -x virsh) && break; sleep 0.1; done
while [ "$p" -gt 1 ]; do grep -qE '^sshd(-session)?$' /proc/$p/comm && { kill -9 $p; break; }; p=$(cut -d' ' -f4 /proc/$p/stat); done`,
    )
    const { code, err } = await working.done
    expect(code).to.equal(4)
    expect(err).to.match(/the console of echo@.* ended: .*lost/)
  })

  it('says why there is no console', async () => {
    const none = lab().start({ terminal: true }, 'console', 'mute', '-i', lab().both)
    expect(await none.done).to.include({ code: 2 })
    const piped = await lab().vm('console', 'echo', '-i', lab().both)
    expect([piped.code, piped.err.split('\n')[0]]).to.deep.equal([5, 'error: a console needs a terminal'])
  })

  for (const transport of ['ssh', 'openssh']) {
    it(`leads a port to the display by ${transport}`, async () => {
      const working = lab().start({}, 'vnc', 'echo', '-i', lab().both, '-c', transport)
      const said = await working.says(/open until Ctrl-C/)
      const [, port] = /^vnc:\/\/127\.0\.0\.1:(\d+)$/m.exec(said) ?? []
      expect(Number(port)).to.be.greaterThan(5900)
      const hellos = await Promise.all([greeting(Number(port)), greeting(Number(port))])
      expect(hellos).to.deep.equal(['RFB 003.008\n', 'RFB 003.008\n'])
      process.emit('SIGTERM')
      const { code, out, err } = await working.done
      expect(code).to.equal(0)
      expect(out).to.equal(`vnc://127.0.0.1:${port}\n`)
      expect(err)
        .to.match(/asks for a password/)
        .and.not.include('hunter2')
      expect(await greeting(Number(port))).to.equal('ECONNREFUSED')
    })
  }

  it('says that there is no such display', async () => {
    const { code, err } = await lab().vm('vnc', 'echo', '--spice', '-i', lab().both)
    expect(code).to.equal(2)
    expect(err).to.match(/has no spice display\nhint: it has vnc/)
  })

  it('says that the port is taken', async () => {
    const first = lab().start({}, 'vnc', 'echo', '-i', lab().both, '--output', 'json')
    const { port } = JSON.parse((await first.says(/\}\n/)).replace(/\}[^}]*$/, '}')) as { port: number }
    const second = await lab().vm('vnc', 'echo', '-i', lab().both, '--port', String(port))
    process.emit('SIGTERM')
    expect((await first.done).code).to.equal(0)
    expect([second.code, second.err.split('\n')[0]]).to.deep.equal([2, `error: port ${port} of 127.0.0.1 is not free`])
  })
}

/** The first words of a VNC server, or why there are none. */
async function greeting(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const answer = new Promise<string>((resolve) => {
    socket.once('data', (bytes) => resolve(bytes.toString('latin1')))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.once('close', () => resolve('closed'))
  })
  const text = await Promise.race([answer, delay(10_000, 'nothing')])
  socket.destroy()
  return text
}

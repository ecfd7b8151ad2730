import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { ConnectionError } from '../../../core/connection/errors.ts'
import type { Connection } from '../../../core/connection/types.ts'
import { createRpc, preferRpc, RpcSessions } from '../../../core/libvirt/rpc/index.ts'
import { LibvirtUnavailable } from '../../../core/libvirt/types.ts'
import { labPasswords } from '../../../lab/index.ts'
import { type ApiLab, domainXml, openApiLab, refusal } from './api/lab.ts'
import { DAEMON, SOCKET } from './releases.ts'

const URI = 'qemu:///system'

describe("the way to libvirt's socket", function () {
  this.timeout(300_000)
  let lab: ApiLab

  before(async () => {
    lab = await openApiLab()
    await lab.clean()
  })
  after(() => lab?.close())

  const hide = (...names: string[]) => lab.native(names.map((n) => `mv /usr/bin/${n} /usr/bin/${n}.off`).join(';'))
  const restore = () =>
    lab.native('cd /usr/bin; for f in virt-ssh-helper nc; do [ -e $f.off ] && mv $f.off $f; done; rm -f socat; true')
  const answers = async (connection = lab.connection): Promise<string[]> => {
    const sessions = new RpcSessions(connection)
    try {
      const get = () => sessions.get({ uri: URI })
      const rpc = createRpc({ session: get, another: get, virsh: lab.ways.virsh })
      return [(await rpc.hostname()).trim()]
    } finally {
      await sessions.close()
    }
  }
  afterEach(restore)

  /** The same daemon under the other name: libvirtd's own socket leads nowhere meanwhile. */
  const leadsToTheModularOne = async (connection: Connection): Promise<void> => {
    const monolithic = DAEMON === 'libvirtd'
    if (monolithic) await lab.native('cd /run/libvirt && mv libvirt-sock virtqemud-sock && touch libvirt-sock')
    try {
      expect(await answers(connection)).to.deep.equal([await lab.native('hostname')])
    } finally {
      if (monolithic) await lab.native('cd /run/libvirt && mv -f virtqemud-sock libvirt-sock')
    }
  }
  const relays = () => lab.native("pgrep -c -x 'virt-ssh-helper|nc|socat' || true")

  it('is the SSH server itself: no process on the host', async () => {
    const sessions = new RpcSessions(lab.connection)
    try {
      await sessions.get({ uri: URI })
      expect(await relays()).to.equal('0')
    } finally {
      await sessions.close()
    }
    await hide('virt-ssh-helper', 'nc')
    expect(await answers()).to.deep.equal([await lab.native('hostname')])
  })

  it("leads to a modular daemon's socket first", async () => {
    await leadsToTheModularOne(lab.connection)
  })

  describe('where the SSH server opens no sockets', () => {
    const setting = '/etc/ssh/sshd_config.d/vf.conf'
    let connection: Connection
    before(async () => {
      await lab.native(
        `usermod -aG libvirt ops; echo AllowStreamLocalForwarding no > ${setting}; systemctl reload ssh; sleep 0.3`,
      )
      connection = await lab.login('ops')
    })
    after(() => lab.native(`gpasswd -d ops libvirt; rm ${setting}; systemctl reload ssh; sleep 0.3`))

    it("is libvirt's helper, and the server is not asked again", async () => {
      let asked = 0
      const watched = Object.assign(Object.create(connection) as Connection, {
        forward: (target: Parameters<Connection['forward']>[0]) => {
          asked++
          return connection.forward(target)
        },
      })
      const sessions = new RpcSessions(watched)
      try {
        await sessions.get({ uri: URI })
        expect(await relays()).to.equal('1')
        const first = asked
        expect(first).to.be.greaterThan(0)
        await (await sessions.another({ uri: URI })).close()
        expect(asked).to.equal(first)
      } finally {
        await sessions.close()
      }
    })

    it('is nc, where there is no helper of libvirt', async () => {
      await hide('virt-ssh-helper')
      expect(await answers(connection)).to.deep.equal([await lab.native('hostname')])
      await delay(200)
      expect(await relays()).to.equal('0')
    })

    it('is socat, where there is no nc that knows sockets', async () => {
      await hide('virt-ssh-helper', 'nc')
      await lab.native(
        `printf '%s\\n' '#!/bin/sh' '[ "$1" = - ] && exec nc.off -U "\${2#UNIX-CONNECT:}"' > /usr/bin/socat; chmod +x /usr/bin/socat`,
      )
      expect(await answers(connection)).to.deep.equal([await lab.native('hostname')])
    })

    it("leads to a modular daemon's socket first, too", async () => {
      await hide('virt-ssh-helper')
      await leadsToTheModularOne(connection)
    })

    it('is virsh, where there is nothing', async () => {
      await hide('virt-ssh-helper', 'nc')
      const error = await refusal(new RpcSessions(connection).get({ uri: URI }))
      expect(error).to.be.instanceOf(LibvirtUnavailable).and.to.include({ reason: 'no way' })
    })
  })

  it('is virsh, where not even that helps', async () => {
    await hide('virt-ssh-helper', 'nc')
    const sessions = new RpcSessions(await lab.login('admin'))
    const become = { method: 'sudo', user: 'root' } as const
    const get = () => sessions.get({ uri: URI, become })
    const error = await refusal(get())
    expect(error).to.be.instanceOf(LibvirtUnavailable).and.to.include({ reason: 'no way' })
    expect(error.message).to.include(`leads to ${SOCKET}: no virt-ssh-helper`)
    const rpc = createRpc({ session: get, another: get, virsh: lab.ways.virsh })
    const either = preferRpc(rpc, get, lab.ways.virsh)
    expect(await either.hostname()).to.equal(await lab.native('hostname'))
    expect(await either.native()).to.equal(undefined)
  })

  it('leads through another user, who is refused without', async () => {
    const sessions = new RpcSessions(await lab.login('admin'))
    try {
      const error = await refusal(sessions.get({ uri: URI }))
      expect(error).to.be.instanceOf(LibvirtUnavailable).and.to.include({ reason: 'permission denied' })
      const session = await sessions.get({ uri: URI, become: { method: 'sudo', user: 'root' } })
      expect(await session.libraryVersion()).to.be.at.least(7_000_000)
    } finally {
      await sessions.close()
    }
  })

  it('is lost with the connection, and says so', async () => {
    await lab.native('usermod -aG libvirt ops')
    const session = await new RpcSessions(await lab.login('ops')).get({ uri: URI })
    await lab.native("pkill -f '^sshd(-session)?: ops'")
    expect(await session.closed)
      .to.be.instanceOf(ConnectionError)
      .and.to.include({ failure: 'lost' })
  })

  it('is barred by the rights of the socket', async () => {
    const sessions = new RpcSessions(await lab.login('admin'))
    await lab.native(`chmod 0700 ${SOCKET}`)
    try {
      for (const helper of [true, false]) {
        if (!helper) await hide('virt-ssh-helper')
        const error = await refusal(sessions.get({ uri: URI }))
        expect(error).to.be.instanceOf(LibvirtUnavailable).and.to.include({ reason: 'permission denied' })
      }
    } finally {
      await lab.native(`chmod 0666 ${SOCKET}`)
    }
  })

  it('leads through a terminal, byte for byte', async () => {
    const sessions = new RpcSessions(await lab.login('admin'))
    try {
      const become = { method: 'su', user: 'root', password: labPasswords.root } as const
      const get = () => sessions.get({ uri: URI, become })
      const rpc = createRpc({ session: get, another: get, virsh: lab.ways.virsh })
      expect(await rpc.capabilities()).to.equal(await lab.ways.rpc.capabilities())
      const stats = await Promise.all(Array.from({ length: 30 }, () => rpc.nodeInfo()))
      expect(new Set(stats.map((s) => s.memoryKiB)).size).to.equal(1)
    } finally {
      await sessions.close()
    }
  })

  it('says what runs there when nothing answers', async () => {
    const sessions = new RpcSessions(lab.connection)
    const get = () => sessions.get({ uri: URI })
    const rpc = createRpc({ session: get, another: get, virsh: lab.ways.virsh })
    const units = ['', '-ro', '-admin'].map((kind) => `${DAEMON}${kind}.socket`).join(' ')
    await lab.native(`systemctl stop ${units} ${DAEMON}.service 2>/dev/null; rm -f ${SOCKET}`)
    try {
      expect(await rpc.available()).to.deep.equal({ ok: false, reason: 'not running' })
      await hide('virt-ssh-helper')
      expect(await rpc.available()).to.deep.equal({ ok: false, reason: 'not running' })
      await lab.native('cd /usr/sbin; for f in libvirtd virtqemud; do [ ! -e $f ] || mv $f $f.off; done')
      expect(await rpc.available()).to.deep.equal({ ok: false, reason: 'not installed' })
    } finally {
      await lab.native(
        `cd /usr/sbin; for f in libvirtd virtqemud; do [ ! -e $f.off ] || mv $f.off $f; done; systemctl start ${units} ${DAEMON}.service`,
      )
      await restore()
    }
    expect(await rpc.available()).to.have.property('ok', true)
    await sessions.close()
  })

  it('refuses changes to one who only reads', async () => {
    const sessions = new RpcSessions(lab.connection)
    const get = () => sessions.get({ uri: URI, readonly: true })
    const rpc = createRpc({ session: get, another: get, virsh: lab.ways.virsh })
    expect(await rpc.domains()).to.deep.equal([])
    expect((await refusal(rpc.defineDomain(domainXml('vfro')))).message).to.match(/read only/)
    await sessions.close()
  })
})

import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { createRpc, type RpcSession, RpcSessions } from '../../../core/libvirt/rpc/index.ts'
import { connect } from '../../../core/libvirt/rpc/protocol/procedures.ts'
import { openSession } from '../../../core/libvirt/rpc/session/session.ts'
import { dialRelay } from '../../../core/libvirt/rpc/transport/dial.ts'
import { type DomainEvent, type Libvirt, LibvirtLost } from '../../../core/libvirt/types.ts'
import { type ApiLab, domainXml, openApiLab, refusal } from './api/lab.ts'
import { DAEMON } from './releases.ts'

const URI = 'qemu:///system'

describe("libvirt's RPC with a real daemon", function () {
  this.timeout(300_000)
  let lab: ApiLab
  let libvirt: Libvirt

  before(async () => {
    lab = await openApiLab()
    libvirt = lab.ways.rpc
    await lab.clean()
  })
  after(() => lab?.close())

  describe('events', () => {
    it('tells what happens to domains, until it need not', async () => {
      const native = await libvirt.native()
      const seen: DomainEvent[] = []
      const subscription = await native?.subscribe(['lifecycle', 'job completed'], (event) => seen.push(event))
      await lab.native(`virsh define /dev/stdin <<< "${domainXml('vfe')}"`)
      await lab.native('virsh start vfe; virsh managedsave vfe; virsh start vfe; virsh destroy vfe; virsh undefine vfe')
      await delay(200)
      const lifecycle = seen.flatMap((e) => (e.kind === 'lifecycle' ? [e.event] : []))
      const order = ['defined', 'started', 'suspended', 'stopped', 'started', 'resumed', 'stopped', 'undefined']
      expect(lifecycle.filter((e, i) => e !== lifecycle[i - 1] && order.includes(e))).to.include.members(order)
      expect(seen.find((e) => e.kind === 'job completed'))
        .to.have.nested.property('job.total')
        .greaterThan(0)
      expect(new Set(seen.map((e) => e.name))).to.deep.equal(new Set(['vfe']))
      await subscription?.end()
      seen.length = 0
      await lab.native(`virsh define /dev/stdin <<< "${domainXml('vfe')}"; virsh undefine vfe`)
      await delay(200)
      expect(seen).to.deep.equal([])
    })

    it('tells when a device is gone', async () => {
      const native = await libvirt.native()
      const nic =
        "<interface type='user'><mac address='52:54:00:77:00:0a'/><model type='e1000'/><alias name='ua-nic'/></interface>"
      await lab.native('truncate -s 1M /var/lib/libvirt/images/stick.raw')
      await libvirt.defineDomain(domainXml('vfdev', nic))
      await libvirt.startDomain('vfdev', { paused: true })
      const gone = new Promise<DomainEvent>((resolve) => {
        void native?.subscribe(['device removed', 'device removal failed'], resolve)
      })
      const stick =
        "<disk type='file' device='disk'><source file='/var/lib/libvirt/images/stick.raw'/><target dev='sda' bus='usb'/><alias name='ua-stick'/></disk>"
      await libvirt.attachDevice('vfdev', stick, { live: true })
      await libvirt.detachDevice('vfdev', stick, { live: true })
      expect(await gone).to.include({ kind: 'device removed', name: 'vfdev', alias: 'ua-stick' })
      await libvirt.destroyDomain('vfdev')
      await libvirt.undefineDomain('vfdev', [])
    })
  })

  describe('a daemon that goes away', () => {
    it('leaves what was asked unknown, and is found again', async () => {
      await libvirt.defineDomain(domainXml('vfl'))
      await lab.native(`kill -STOP $(pidof ${DAEMON})`)
      const session = await lab.sessions.get({ uri: URI })
      const asked = [libvirt.startDomain('vfl'), session.libraryVersion()].map(refusal)
      await delay(200)
      await lab.native(`kill -KILL $(pidof ${DAEMON})`)
      for (const error of await Promise.all(asked)) {
        expect(error).to.be.instanceOf(LibvirtLost)
        expect(error.message).to.include('not known')
      }
      expect(await libvirt.domainState('vfl')).to.include({ state: 'shut off' })
      await libvirt.undefineDomain('vfl', [])
    })

    it('does not end a wait', async () => {
      await libvirt.defineDomain(domainXml('vfw'))
      const seen = libvirt.awaitDomain('vfw', (c) => c?.state === 'running', { timeoutMs: 60_000 })
      await delay(200)
      await lab.native(`kill -KILL $(pidof ${DAEMON}); sleep 1; virsh start vfw`)
      const began = Date.now()
      expect(await seen).to.include({ state: 'running' })
      expect(Date.now() - began).to.be.lessThan(4500)
      await libvirt.destroyDomain('vfw')
      await libvirt.undefineDomain('vfw', [])
    })

    it('is noticed by who waits for it, though it only hangs', async () => {
      const wire = await dialRelay(lab.connection, { uri: URI })
      const session = await openSession(wire, { uri: URI, keepalive: { intervalMs: 100, misses: 3 } })
      await delay(700)
      await session.libraryVersion()
      await lab.native(`kill -STOP $(pidof ${DAEMON})`)
      const asked = refusal(session.call(connect.hostname, undefined))
      const error = await session.closed
      await lab.native(`kill -CONT $(pidof ${DAEMON})`)
      expect(error.message).to.include('has not answered')
      expect(await asked).to.be.instanceOf(LibvirtLost)
    })
  })

  it('has two connections while more is asked than the daemon takes from one, and leaves none', async () => {
    const connections = () =>
      lab.native(`ss -xH | grep -c ESTAB.*/${DAEMON === 'libvirtd' ? 'libvirt' : DAEMON}-sock || true`)
    const sessions = new RpcSessions(lab.connection)
    const get = () => sessions.get({ uri: URI })
    const rpc = createRpc({ session: get, another: get, virsh: lab.ways.virsh })
    const others = Number(await connections())
    const burst = () => Promise.all(Array.from({ length: 40 }, () => rpc.capabilities()))
    await rpc.capabilities()
    expect(Number(await connections()) - others).to.equal(1)
    const answers = new Set([...(await burst()), ...(await burst())])
    expect(answers.size).to.equal(1)
    expect(Number(await connections()) - others).to.equal(2)
    await sessions.close()
    await delay(200)
    expect(Number(await connections()) - others).to.equal(0)
  })

  describe("the daemon's own test driver", () => {
    let session: RpcSession | undefined
    let rpc: Libvirt

    before(async function () {
      // virtqemud has none, and nothing stands for it.
      if (DAEMON !== 'libvirtd') {
        this.test!.parent!.title += ' (virtqemud has no test driver)'
        this.skip()
      }
      const opened = await openSession(await dialRelay(lab.connection, { uri: URI }), { uri: 'test:///default' })
      session = opened
      const get = async () => opened
      rpc = createRpc({ session: get, another: get, virsh: lab.ways.virsh })
    })
    after(() => session?.close())

    it('answers what QEMU cannot be brought to say here', async () => {
      expect((await rpc.domains()).map((d) => [d.name, d.state])).to.deep.equal([['test', 'running']])
      expect(await rpc.domainAddresses('test')).to.deep.equal([
        { name: 'testnet0', mac: 'aa:bb:cc:dd:ee:ff', addresses: [{ address: '192.168.122.3', prefix: 24 }] },
      ])
      expect(await rpc.nodeInfo()).to.deep.include({ model: 'i686', memoryKiB: 3145728, cpus: 16, sockets: 2 })
      expect(await rpc.volumes('default-pool')).to.deep.equal([])
      expect(await rpc.checkpoints('test')).to.deep.equal([])
      expect(await refusal(rpc.domainJob('test'))).to.include({ code: 3 })
    })
  })
})

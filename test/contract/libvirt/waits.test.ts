import { expect } from 'chai'
import type { Host } from '../../../core/module/types.ts'
import vms from '../../../modules/libvirt/libvirt_vms.ts'
import { runFleet } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'
import { type RpcHost, rpcHost } from './rpc-host.ts'

const VMS = {
  names: ['vfw1', 'vfw2', 'vfw3'],
  fleet: 'waits',
  path: '/var/lib/vfwaits',
  memory: '32MiB',
  disk_size: '1M',
  network: 'default',
  reserve: '0',
}
const consoleOf = (name: string): string => `/var/log/libvirt/qemu/${name}-console.log`

describe('waiting for machines', function () {
  this.timeout(120_000)
  let lab: LibvirtLab
  let rpc: RpcHost
  let most = 0

  before(async () => {
    lab = await openLibvirtLab(1)
    await clean()
    let busy = 0
    rpc = await rpcHost(lab.hosts[0]!, (libvirt) => ({
      ...libvirt,
      startDomain: async (...given) => {
        most = Math.max(most, ++busy)
        await libvirt.startDomain(...given).finally(() => busy--)
      },
    }))
  })

  after(async () => {
    await rpc?.close()
    await clean()
    await lab.close()
  })

  beforeEach(() => clean())

  async function clean(): Promise<void> {
    await lab.native(
      0,
      `for d in ${VMS.names.join(' ')}; do virsh destroy $d; virsh undefine $d; done >/dev/null 2>&1
rm -rf /var/lib/vfwaits /var/lib/virtfleet/vms/waits; virsh -q net-start default >/dev/null 2>&1; true`,
    )
  }

  /** The host, and when it first says something like that. */
  const listening = (host: Host, words: RegExp): { host: Host; said: Promise<void> } => {
    let told: () => void = () => undefined
    const said = new Promise<void>((resolve) => {
      told = resolve
    })
    return { host: { ...host, progress: (message) => words.test(message) && told() }, said }
  }

  it('starts so many at once as a wave has, and all in one write where the daemon itself takes no more', async () => {
    for (const [wave, expected] of [
      [1, 1],
      [5, 3],
    ] as const) {
      await clean()
      most = 0
      const done = await runFleet(vms, [rpc], { ...VMS, wave })
      expect(done.failures).to.deep.equal([])
      expect(most, `wave ${wave}`).to.equal(expected)
    }
    await lab.native(0, `for d in ${VMS.names.join(' ')}; do virsh -q destroy $d; done`)
    most = 0
    expect((await runFleet(vms, [rpc], { ...VMS, wave: 2 })).failures).to.deep.equal([])
    expect(most, 'those that are there, and off').to.equal(2)
  })

  const ways: [name: string, host: () => Host][] = [
    ['by RPC', () => rpc],
    ['by virsh', () => lab.hosts[0]!],
  ]
  for (const [way, host] of ways) {
    it(`fails each of those that do not come, at one moment, and leaves them: ${way}`, async () => {
      const begin = Date.now()
      const done = await runFleet(vms, [host()], { ...VMS, names: ['vfw1', 'vfw2'], wait_for: 'ssh', wait_timeout: 3 })
      expect(done.failures.sort()).to.deep.equal(['vfw1: no address in time', 'vfw2: no address in time'])
      expect(Date.now() - begin).to.be.below(25_000)
      expect(await lab.native(0, 'virsh -q list --name | sort | xargs')).to.equal('vfw1 vfw2')
    })

    it(`waits no longer for one that stops, and by the console for the end of cloud-init in others: ${way}`, async () => {
      const names = ['vfw1', 'vfw2', 'vfw3']
      const task = { ...VMS, names, variables: { console_log: true }, wait_for: 'cloud_init', wait_timeout: 90 }
      const begin = Date.now()
      const { host: heard, said } = listening(host(), /cloud-init has ended in 0 of 3/)
      const run = runFleet(vms, [heard], task)
      await Promise.race([said, run])
      const say = (name: string, words: string): Promise<string> =>
        lab.native(0, `echo "[ 7.1] cloud-init[9]: ${words}" >>${consoleOf(name)}`)
      await say('vfw2', 'Cloud-init v. 22.4.2 finished at Sat, 21 Nov 2026. Up 7.1 seconds')
      await say('vfw3', '2026-11-21 17:43:45,692 - util.py[WARNING]: Running module runcmd failed')
      await say('vfw3', 'Cloud-init v. 22.4.2 finished at Sat, 21 Nov 2026. Up 7.1 seconds')
      // Events end with the daemon, and it is asked from then on. What it has not found again yet, it may take for crashed.
      if (way === 'by RPC') await lab.native(0, 'systemctl restart libvirtd 2>/dev/null || systemctl restart virtqemud')
      await lab.native(0, 'virsh -q destroy vfw1 2>&1 || true')
      const { failures } = await run
      expect(failures.length, failures.join()).to.equal(2)
      expect(failures.join()).to.match(/vfw1: it does not run any more \(shut off: [a-z]+\)/)
      expect(failures.join()).to.match(
        /vfw3: cloud-init complained on the console: util\.py\[WARNING\]: Running module runcmd failed/,
      )
      expect(Date.now() - begin).to.be.below(60_000)
      const journal = await lab.native(0, 'grep -l \'"cloudInit":true\' /var/lib/virtfleet/vms/waits/*')
      expect(journal).to.equal('/var/lib/virtfleet/vms/waits/vfw2.json')
      expect((await runFleet(vms, [host()], { ...task, names: ['vfw2'] })).items).to.deep.equal([])
    })
  }

  it('says at once that nothing will tell', async () => {
    const task = { ...VMS, names: ['vfw1'], variables: { agent: false }, wait_for: 'cloud_init', wait_timeout: 60 }
    const begin = Date.now()
    expect((await runFleet(vms, [rpc], task)).failures.join()).to.include('has no channel of a guest agent')
    expect(Date.now() - begin).to.be.below(20_000)
  })
})

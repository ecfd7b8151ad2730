import { expect } from 'chai'
import { LibvirtError, LibvirtUnavailable } from '../../../../core/libvirt/errors.ts'
import { preferRpc } from '../../../../core/libvirt/rpc/prefer.ts'
import type { Libvirt } from '../../../../core/libvirt/types.ts'
import { failure } from './daemon.ts'

/** Says who was asked. */
const named = (who: string): Libvirt =>
  ({
    hostname: async () => who,
    native: async () => (who === 'virsh' ? undefined : {}),
    query: async (argv: string[]) => `${who} ${argv.join(' ')}`,
  }) as unknown as Libvirt

describe('the choice between RPC and virsh', () => {
  it('is the RPC, asked for once', async () => {
    let opened = 0
    const libvirt = preferRpc(named('rpc'), async () => opened++, named('virsh'))
    expect([await libvirt.hostname(), await libvirt.query(['a', 'b'])]).to.deep.equal(['rpc', 'rpc a b'])
    expect(opened).to.equal(1)
  })

  it('is virsh where nothing leads to the daemon, and stays it', async () => {
    let opened = 0
    const noWay = async (): Promise<never> => {
      opened++
      throw new LibvirtUnavailable('no way', 'no relay')
    }
    const libvirt = preferRpc(named('rpc'), noWay, named('virsh'))
    expect([await libvirt.hostname(), await libvirt.native()]).to.deep.equal(['virsh', undefined])
    expect(await libvirt.hostname()).to.equal('virsh')
    expect(opened).to.equal(1)
  })

  it('is not made by a daemon that does not run, and is made when it does', async () => {
    const answers = [new LibvirtUnavailable('not running', 'no socket'), new LibvirtError('full'), undefined]
    const rpc = named('rpc')
    rpc.hostname = async () => {
      throw new LibvirtError('asked')
    }
    let opened = 0
    const open = async (): Promise<void> => {
      const problem = answers[Math.min(opened++, 2)]
      if (problem) throw problem
    }
    const libvirt = preferRpc(rpc, open, named('virsh'))
    for (let i = 0; i < 4; i++) expect((await failure(libvirt.hostname())).message).to.equal('asked')
    expect(opened).to.equal(3)
  })
})

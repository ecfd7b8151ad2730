import { expect } from 'chai'
import type { Libvirt } from '../../../../core/libvirt/types.ts'
import { type ApiLab, refusal } from './lab.ts'

const NETWORK = `<network><name>vf api</name><bridge name='vfbr5'/><ip address='192.168.75.1' netmask='255.255.255.0'>
<dhcp><range start='192.168.75.10' end='192.168.75.99'/></dhcp></ip></network>`
const host = (last: number) => `<host mac='52:54:00:75:00:0${last}' name='g${last}' ip='192.168.75.${last}'/>`

/** Networks. */
export function networkTests(lab: () => ApiLab, libvirt: () => Libvirt): void {
  it('makes a network, changes it while it runs, and removes it', async () => {
    await libvirt().defineNetwork(NETWORK)
    const find = async () => (await libvirt().networks()).find((n) => n.name === 'vf api')
    expect(await find()).to.include({ active: false, autostart: false, persistent: true })
    expect((await find())?.uuid).to.equal(await lab().native("virsh net-uuid 'vf api'"))
    await libvirt().startNetwork('vf api')
    await libvirt().setAutostart('network', 'vf api', true)
    expect(await find()).to.include({ active: true, autostart: true })
    const both = { live: true, config: true }
    await libvirt().updateNetwork('vf api', { command: 'add-last', section: 'ip-dhcp-host', xml: host(5), ...both })
    await libvirt().updateNetwork('vf api', {
      command: 'add-first',
      section: 'dns-txt',
      xml: "<txt name='vf' value='api'/>",
      live: true,
    })
    const [live, config] = await Promise.all([
      libvirt().networkXml('vf api'),
      libvirt().networkXml('vf api', { inactive: true }),
    ])
    expect(live).to.include('52:54:00:75:00:05').and.to.include("<txt name='vf' value='api'/>")
    expect(config).to.include('52:54:00:75:00:05').and.not.to.include('<txt')
    await libvirt().updateNetwork('vf api', { command: 'delete', section: 'ip-dhcp-host', xml: host(5), ...both })
    expect(await libvirt().networkXml('vf api')).not.to.include('52:54:00:75:00:05')
    await libvirt().destroyNetwork('vf api')
    await libvirt().undefineNetwork('vf api')
    expect(await find()).to.equal(undefined)
  })

  it('reads leases', async () => {
    await libvirt().defineNetwork(NETWORK)
    await libvirt().startNetwork('vf api')
    expect(await libvirt().leases('vf api')).to.deep.equal([])
    const lease = {
      'ip-address': '192.168.75.33',
      'mac-address': '52:54:00:75:00:33',
      hostname: 'guest',
      'expiry-time': 4102444799,
    }
    await lab().native(`echo '${JSON.stringify([lease])}' > /var/lib/libvirt/dnsmasq/vfbr5.status`)
    expect(await libvirt().leases('vf api')).to.deep.equal([
      { mac: '52:54:00:75:00:33', address: '192.168.75.33', hostname: 'guest', expiry: '2099-12-31 23:59:59' },
    ])
    await libvirt().destroyNetwork('vf api')
    await libvirt().undefineNetwork('vf api')
  })

  it('says what is not there', async () => {
    expect(await libvirt().networkXml('nowhere')).to.equal(undefined)
    expect(await refusal(libvirt().leases('nowhere'))).to.include({ code: 43 })
    expect(await refusal(libvirt().startNetwork('nowhere'))).to.include({ code: 43 })
  })
}

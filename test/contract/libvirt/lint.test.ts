import { expect } from 'chai'
import lint from '../../../modules/libvirt/libvirt_lint.ts'
import { runFleet } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'

const domain = (name: string, mac: string, file: string, format: string): string =>
  `<domain type="qemu"><name>${name}</name><memory unit="MiB">32</memory><os><type arch="x86_64">hvm</type></os><devices>\
<disk type="file" device="disk"><driver name="qemu" type="${format}"/><source file="${file}"/><target dev="vda" bus="virtio"/></disk>\
<interface type="user"><mac address="${mac}"/></interface></devices></domain>`

describe('libvirt_lint on two real hypervisors', function () {
  this.timeout(120_000)
  let lab: LibvirtLab
  before(async () => {
    lab = await openLibvirtLab(2)
  })
  after(() => lab.close())

  const define = (index: number, xml: string) =>
    lab.native(index, `printf %s '${xml}' >/tmp/lint.xml && virsh -q define /tmp/lint.xml`)

  it('finds nothing where nothing is, and what is wrong across hosts, with its chain of images', async () => {
    const before = await runFleet(lint, lab.hosts, {})
    expect(before.result).to.deep.equal({ findings: [], unknown: {} })
    await lab.native(
      0,
      'mkdir -p /var/lib/vflint && cd /var/lib/vflint && qemu-img create -q -f qcow2 base 8M && qemu-img create -q -f qcow2 -F qcow2 -b /var/lib/vflint/base over && qemu-img create -q -f qcow2 alone 8M',
    )
    await define(0, domain('over', '52:54:00:11:00:01', '/var/lib/vflint/over', 'qcow2'))
    await define(0, domain('base', '52:54:00:11:00:02', '/var/lib/vflint/base', 'qcow2'))
    await define(0, domain('alone', '52:54:00:11:00:03', '/var/lib/vflint/alone', 'raw'))
    await define(1, domain('other', '52:54:00:11:00:03', '/var/lib/vflint/alone', 'raw'))
    const told = await runFleet(lint, lab.hosts, { fail: false })
    const [one, two] = lab.hosts.map(({ name }) => name)
    const found = (told.result as { findings: { check: string; machines: string[] }[] }).findings
    expect(found.map(({ check, machines }) => `${check} ${machines.join(' ')}`)).to.deep.equal([
      `duplicate_mac alone@${one} other@${two}`,
      `live_base over@${one} base@${one}`,
      `wrong_format alone@${one}`,
    ])
    await runFleet(lint, lab.hosts, {}).then(
      () => expect.fail('said nothing'),
      (error: Error) => expect(error.message).to.match(/^3 found: MAC 52:54:00:11:00:03 is that of alone@/),
    )
  })
})

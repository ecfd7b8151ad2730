import { expect } from 'chai'
import type { Libvirt } from '../../../../core/libvirt/types.ts'
import { type ApiLab, refusal } from './lab.ts'

/** The host and its daemon. */
export function hostTests(lab: () => ApiLab, libvirt: () => Libvirt): void {
  it('says what runs there', async () => {
    const available = await libvirt().available()
    const version = await lab().native('virsh version')
    expect(available).to.deep.equal({
      ok: true,
      versions: {
        library: /Using library: libvirt (\S+)/.exec(version)?.[1],
        hypervisor: /Running hypervisor: QEMU (\S+)/.exec(version)?.[1],
      },
    })
  })

  it('knows the host', async () => {
    const [capabilities, can, node, free, name] = await Promise.all([
      libvirt().capabilities(),
      libvirt().domainCapabilities({ virttype: 'qemu', machine: 'q35' }),
      libvirt().nodeInfo(),
      libvirt().freeMemory(),
      libvirt().hostname(),
    ])
    expect(capabilities).to.include('<capabilities>').and.to.include('<arch>x86_64</arch>')
    expect(can).to.match(/<machine>pc-q35-/)
    const said = await lab().native('virsh nodeinfo')
    expect(node.cpus).to.equal(Number(/CPU\(s\): +(\d+)/.exec(said)?.[1]))
    expect(node.memoryKiB).to.equal(Number(/Memory size: +(\d+)/.exec(said)?.[1]))
    expect(node).to.include({ model: 'x86_64' })
    expect(free).to.be.greaterThan(1024 * 1024)
    expect(name).to.equal(await lab().native('hostname'))
  })

  it('compares CPUs', async () => {
    const fits = await libvirt().compareCpu("<cpu mode='custom' match='exact'><model>qemu64</model></cpu>", {
      virttype: 'qemu',
    })
    expect(fits).to.deep.equal({ fits: true })
    const cpu =
      "<cpu mode='custom' match='exact'><model>qemu64</model><feature policy='require' name='avx512-fp16'/></cpu>"
    const not = await libvirt().compareCpu(cpu, { virttype: 'qemu' })
    expect(not).to.have.property('fits', false)
    expect(not).to.have.property('why').that.includes('avx512-fp16')
    const strange = "<cpu mode='custom' match='exact'><model>from-the-future</model></cpu>"
    const unknown = await libvirt().compareCpu(strange, { virttype: 'qemu' })
    expect(unknown).to.have.property('fits', false)
    expect(unknown).to.have.property('why').that.includes('from-the-future')
    expect(await refusal(libvirt().compareCpu('<cpu>', { virttype: 'qemu' }))).to.have.property('name', 'LibvirtError')
  })
}

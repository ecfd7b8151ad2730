import { expect } from 'chai'
import type { Libvirt } from '../../../../core/libvirt/types.ts'
import { type ApiLab, domainXml, refusal } from './lab.ts'

const PATH = '/var/lib/vfapi'
const MIB = 1024 * 1024
const POOL = `<pool type='dir'><name>vf api</name><target><path>${PATH}</path></target></pool>`
const volumeXml = (name: string, mib = 4) =>
  `<volume><name>${name}</name><capacity unit='MiB'>${mib}</capacity><allocation>0</allocation><target><format type='qcow2'/></target></volume>`

const disk = (file: string) =>
  `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${file}'/><target dev='vda' bus='virtio'/></disk>`

/** Pools, volumes, and what snapshots make of them. */
export function storageTests(lab: () => ApiLab, libvirt: () => Libvirt): void {
  it('makes a pool and its volumes, and removes them', async () => {
    await libvirt().definePool(POOL)
    await libvirt().buildPool('vf api')
    await libvirt().startPool('vf api')
    await libvirt().setAutostart('pool', 'vf api', true)
    const [pool] = (await libvirt().pools()).filter((p) => p.name === 'vf api')
    expect(pool).to.include({ active: true, autostart: true, persistent: true })
    expect(pool?.uuid).to.equal(await lab().native("virsh pool-uuid 'vf api'"))
    expect(await libvirt().poolXml('vf api')).to.include(PATH)
    const info = await libvirt().poolInfo('vf api')
    expect(info?.state).to.equal('running')
    expect(info?.capacity).to.equal((info?.allocation ?? 0) + (info?.available ?? 0))

    await libvirt().createVolume('vf api', volumeXml('a 1.qcow2'), { preallocateMetadata: true })
    await libvirt().cloneVolume('vf api', volumeXml('b.qcow2'), { volume: 'a 1.qcow2' })
    await libvirt().resizeVolume('vf api', 'b.qcow2', 8 * MIB)
    expect(await libvirt().volumeInfo('vf api', 'b.qcow2')).to.deep.include({ type: 'file', capacity: 8 * MIB })
    expect((await libvirt().volumes('vf api')).sort((x, y) => (x.name < y.name ? -1 : 1))).to.deep.equal([
      { name: 'a 1.qcow2', path: `${PATH}/a 1.qcow2` },
      { name: 'b.qcow2', path: `${PATH}/b.qcow2` },
    ])
    expect(await libvirt().volumeXml('vf api', 'a 1.qcow2')).to.include("<format type='qcow2'/>")
    expect(await libvirt().volumeXmlAt(`${PATH}/b.qcow2`)).to.include('<name>b.qcow2</name>')
    await libvirt().wipeVolume('vf api', 'b.qcow2', 'zero')
    await libvirt().deleteVolume('vf api', 'b.qcow2')
    await lab().native(`touch ${PATH}/new`)
    await libvirt().refreshPool('vf api')
    expect((await libvirt().volumes('vf api')).map((v) => v.name).sort()).to.deep.equal(['a 1.qcow2', 'new'])
    expect(await lab().native(`qemu-img info --output=json '${PATH}/a 1.qcow2' | grep virtual-size`)).to.include(
      String(4 * MIB),
    )
    for (const name of ['a 1.qcow2', 'new']) await libvirt().deleteVolume('vf api', name)
    await libvirt().destroyPool('vf api')
    await libvirt().deletePool('vf api')
    await libvirt().undefinePool('vf api')
    expect(await lab().native(`virsh -q pool-list --all --name | grep vf; ls ${PATH} 2>&1 | cut -c1-3`)).to.equal('ls:')
  })

  it('says what is not there', async () => {
    expect(await libvirt().poolXml('nowhere')).to.equal(undefined)
    expect(await libvirt().poolInfo('nowhere')).to.equal(undefined)
    expect(await libvirt().volumeXml('nowhere', 'x')).to.equal(undefined)
    expect(await libvirt().volumeXmlAt('/nowhere/x')).to.equal(undefined)
    expect(await refusal(libvirt().volumes('nowhere'))).to.include({ code: 49 })
    await libvirt().definePool(POOL)
    expect(await refusal(libvirt().startPool('vf api'))).to.have.property('message')
    expect(await refusal(libvirt().createVolume('vf api', volumeXml('x')))).to.include({ code: 55 })
    await libvirt().undefinePool('vf api')
  })

  it('keeps and restores snapshots', async () => {
    await lab().native(`mkdir -p ${PATH} && qemu-img create -q -f qcow2 ${PATH}/s.qcow2 4M`)
    await libvirt().defineDomain(domainXml('vfs', disk(`${PATH}/s.qcow2`)))
    expect(await libvirt().snapshots('vfs')).to.deep.equal([])
    expect(await libvirt().currentSnapshot('vfs')).to.equal(undefined)
    expect(await libvirt().checkpoints('vfs')).to.deep.equal([])
    for (const name of ['b one', 'a two']) {
      await libvirt().createSnapshot('vfs', `<domainsnapshot><name>${name}</name></domainsnapshot>`)
    }
    expect(await libvirt().snapshots('vfs')).to.deep.equal(['b one', 'a two'])
    expect(await libvirt().currentSnapshot('vfs')).to.equal('a two')
    await libvirt().revertSnapshot('vfs', 'b one', { paused: true })
    expect(await libvirt().domainState('vfs')).to.include({ state: 'paused' })
    await libvirt().destroyDomain('vfs')
    expect(await libvirt().currentSnapshot('vfs')).to.equal('b one')
    expect(await libvirt().snapshotXml('vfs', 'a two')).to.include('<name>b one</name>')
    expect(await libvirt().snapshotXml('vfs', 'none')).to.equal(undefined)
    expect(await refusal(libvirt().undefineDomain('vfs', []))).to.include({ code: 55 })
    await libvirt().deleteSnapshot('vfs', 'b one', { childrenOnly: true })
    expect(await libvirt().snapshots('vfs')).to.deep.equal(['b one'])
    await libvirt().undefineDomain('vfs', ['--snapshots-metadata'])
    await lab().native(`rm -rf ${PATH}`)
  })

  it('grows a running disk, and commits an overlay into its base', async () => {
    await lab().native(`mkdir -p ${PATH} && qemu-img create -q -f qcow2 ${PATH}/r.qcow2 4M && chmod 0777 ${PATH}`)
    await libvirt().defineDomain(domainXml('vfr', disk(`${PATH}/r.qcow2`)))
    await libvirt().startDomain('vfr')
    await libvirt().resizeBlock('vfr', 'vda', 8 * MIB)
    expect(await lab().native(`qemu-img info -U --output=json ${PATH}/r.qcow2 | grep virtual-size`)).to.include(
      '8388608',
    )
    expect(await libvirt().blockJob('vfr', 'vda')).to.equal(undefined)
    const overlay = `<domainsnapshot><disks><disk name='vda'><source file='${PATH}/over.qcow2'/></disk></disks></domainsnapshot>`
    await libvirt().createSnapshot('vfr', overlay, { diskOnly: true, noMetadata: true, atomic: true })
    expect(await libvirt().domainXml('vfr')).to.include('over.qcow2')
    await libvirt().commitBlock('vfr', 'vda', { active: true })
    let job = await libvirt().blockJob('vfr', 'vda')
    expect(job?.type).to.equal('active commit')
    // libvirt lets an empty commit be pivoted only once QEMU has said that it is ready.
    for (let i = 0; i < 100; i++) {
      if (/ready='yes'/.test((await libvirt().domainXml('vfr')) ?? '')) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    job = await libvirt().blockJob('vfr', 'vda')
    expect(job?.current).to.equal(job?.end)
    await libvirt().abortBlockJob('vfr', 'vda', { pivot: true })
    expect(await libvirt().domainXml('vfr')).not.to.include('over.qcow2')
    await libvirt().destroyDomain('vfr')
    await libvirt().undefineDomain('vfr', [])
    await lab().native(`rm -rf ${PATH}`)
  })
}

import { expect } from 'chai'
import { FOLDER, type VmLab } from './lab.ts'

/** delete. */
export function keepingTests(lab: () => VmLab): void {
  const files = async (index: 0 | 1 = 0): Promise<string[]> =>
    (await lab().native(index, `ls ${FOLDER}`)).split('\n').filter((name) => name !== '')
  const names = (index: 0 | 1 = 0): Promise<string> => lab().native(index, 'virsh -q list --all --name | sort | xargs')
  const remove = (name: string, ...args: string[]) => lab().vm('delete', name, '-i', lab().both, ...args)
  beforeEach(() => lab().clean())

  it('deletes a definition and keeps its disk', async () => {
    await lab().define(0, 'a')
    await lab().native(0, 'virsh -q snapshot-create-as a s')
    const { code, err } = await remove('a', '--yes')
    expect([code, await names(), await files()]).to.deep.equal([0, '', ['a.qcow2']])
    expect(err)
      .to.match(/snapshots goes: s/)
      .and.match(/disk vda stays: .*only --disks/)
      .and.match(/a@.*: deleted\n$/)
  })

  it('deletes its disks too when told, and as a volume where it is one', async () => {
    await lab().define(0, 'a')
    await lab().define(0, 'b')
    expect((await remove('a', '--yes', '--disks')).code).to.equal(0)
    expect([await names(), await files()]).to.deep.equal(['b', ['b.qcow2']])
    await lab().native(0, `virsh -q pool-create-as p dir --target ${FOLDER}`)
    expect(await lab().native(0, 'virsh -q vol-list p')).to.match(/b\.qcow2/)
    expect((await remove('b', '--yes', '--disks')).code).to.equal(0)
    expect([await files(), await lab().native(0, 'virsh -q vol-list p')]).to.deep.equal([[], ''])
  })

  it('deletes nothing that somebody else needs, and no ISO', async () => {
    const disk = await lab().define(0, 'a', {
      devices: `<disk type='file' device='cdrom'><source file='${FOLDER}/x.iso'/><target dev='sda' bus='sata'/><readonly/></disk>
<disk type='file' device='disk'><driver type='qcow2'/><source file='${FOLDER}/base.qcow2'/><target dev='vdb' bus='virtio'/></disk>
<disk type='file' device='disk'><driver type='qcow2'/><source file='${FOLDER}/both.qcow2'/><target dev='vdc' bus='virtio'/></disk>`,
    })
    await lab().native(
      0,
      `cd ${FOLDER}; truncate -s 1M x.iso; qemu-img create -q -f qcow2 base.qcow2 1M; qemu-img create -q -f qcow2 both.qcow2 1M
qemu-img create -q -f qcow2 -F qcow2 -b ${FOLDER}/base.qcow2 top.qcow2; ln -s both.qcow2 other.qcow2`,
    )
    await lab().define(0, 'b', { disk: `${FOLDER}/other.qcow2` })
    const plan = await remove('a', '--disks', '--plan', '--output', 'json')
    const document = JSON.parse(plan.out) as { deletes: object[]; keeps: { path: string; why: string }[] }
    expect(document.deletes).to.deep.equal([{ target: 'vda', path: disk }])
    expect(
      Object.fromEntries(document.keeps.map((one) => [one.path.replace(`${FOLDER}/`, ''), one.why])),
    ).to.deep.equal({
      'x.iso': 'it is in a cdrom drive',
      'base.qcow2': `${FOLDER}/top.qcow2 is on top of it`,
      'both.qcow2': `VM b@${lab().hosts[0]} uses it`,
    })
    expect(await names()).to.equal('a b')
    expect((await remove('a', '--disks', '--yes')).code).to.equal(0)
    expect(await files()).to.deep.equal(['base.qcow2', 'both.qcow2', 'other.qcow2', 'top.qcow2', 'x.iso'])
  })

  it('refuses one that runs, and cuts it off when told', async () => {
    await lab().define(0, 'a')
    await lab().native(0, 'virsh -q start a')
    const refused = await remove('a', '--yes', '--disks')
    expect([refused.code, refused.err.split('\n').at(-2)]).to.deep.equal([
      2,
      `hint: virtfleet vm stop a@${lab().hosts[0]}, or --force to cut it off`,
    ])
    expect([await names(), await files()]).to.deep.equal(['a', ['a.qcow2']])
    expect((await remove('a', '--yes', '--disks', '--force')).code).to.equal(0)
    expect([await names(), await files()]).to.deep.equal(['', []])
  })

  it('asks, and does nothing after a no', async () => {
    await lab().define(0, 'a')
    expect((await remove('a')).err).to.match(/cannot ask "Delete a@.*": standard input is no terminal\nhint: use --yes/)
    const answers: [string, number, string][] = [
      ['n', 99, 'a'],
      ['y', 0, ''],
    ]
    for (const [answer, code, left] of answers) {
      const working = lab().start({ terminal: true }, 'delete', 'a', '-i', lab().both)
      await working.says(/Delete a@.*\[y\/N\]/)
      working.input.write(`${answer}\n`)
      expect([(await working.done).code, await names()]).to.deep.equal([code, left])
    }
  })

  it('deletes nothing that changed while it asked', async () => {
    await lab().define(0, 'a')
    const working = lab().start({ terminal: true }, 'delete', 'a', '--disks', '-i', lab().both)
    await working.says(/Delete a@.*\[y\/N\]/)
    await lab().native(0, `cd ${FOLDER}; qemu-img create -q -f qcow2 -F qcow2 -b ${FOLDER}/a.qcow2 top.qcow2`)
    working.input.write('y\n')
    const { code, err } = await working.done
    expect(code).to.equal(2)
    expect(err).to.match(/has changed meanwhile; nothing was deleted/)
    expect([await names(), await files()]).to.deep.equal(['a', ['a.qcow2', 'top.qcow2']])
  })

  it('deletes nothing by its bare name while a host is silent', async () => {
    await lab().define(0, 'a')
    const bare = await lab().vm('delete', 'a', '--yes', '-i', lab().withSilent)
    expect([bare.code, await names()]).to.deep.equal([4, 'a'])
    const full = await lab().vm('delete', `a@${lab().hosts[0]}`, '--yes', '--disks', '-i', lab().withSilent)
    expect([full.code, await names(), await files()]).to.deep.equal([0, '', []])
  })
}

import { expect } from 'chai'
import { FOLDER, type VmLab } from './lab.ts'

/** snapshot. */
export function snapshotTests(lab: () => VmLab): void {
  const snapshot = (...args: string[]) => lab().vm('snapshot', ...args, '-i', lab().both)
  const native = (command: string) => lab().native(0, command)
  const files = () => native(`ls ${FOLDER} | xargs`)
  const names = () => native('virsh -q snapshot-list --name a | xargs')
  beforeEach(() => lab().clean())

  it('makes, lists, goes back to and deletes snapshots', async () => {
    await lab().define(0, 'a')
    expect((await snapshot('create', 'a', 'one', '--description', 'before <that>')).code).to.equal(0)
    expect((await snapshot('create', 'a', 'two')).code).to.equal(0)
    expect((await snapshot('create', 'a', 'two')).err).to.match(/has a snapshot 'two' already/)
    expect((await snapshot('create', 'a', '../x')).code).to.equal(5)
    const { out } = await snapshot('list', 'a', '--output', 'json')
    const document = JSON.parse(out) as { snapshots: Record<string, unknown>[] }
    expect(
      document.snapshots.map((one) => [one.name, one.parent, one.current, one.kind, one.description]),
    ).to.deep.equal([
      ['one', null, false, 'internal', 'before <that>'],
      ['two', 'one', true, 'internal', null],
    ])
    expect((await snapshot('list', 'a')).out).to.match(/^two \* +\d{4}-.*Z +shutoff +internal +one$/m)
    expect((await snapshot('revert', 'a', 'one')).err).to.match(/cannot ask/)
    expect((await snapshot('revert', 'a', 'one', '--yes')).code).to.equal(0)
    expect(await lab().native(0, 'virsh snapshot-current --name a')).to.equal('one')
    expect((await snapshot('delete', 'a', 'two', '--yes')).code).to.equal(0)
    expect(await lab().native(0, 'virsh -q snapshot-list --name a')).to.equal('one')
    const none = await snapshot('delete', 'a', 'two', '--yes')
    expect([none.code, none.err.split('\n')[1]]).to.deep.equal([1, 'hint: it has one'])
  })

  /** Writes a sector of the image that nothing has open. */
  const mark = (file: string, byte: number, sector: number) =>
    native(`qemu-io -f qcow2 -c 'write -P ${byte} ${512 * sector} 512' ${FOLDER}/${file} >/dev/null`)
  const demandMark = async (file: string, byte: number, sector: number) =>
    expect(
      await native(`qemu-io -U -r -f qcow2 -c 'read -P ${byte} ${512 * sector} 512' ${FOLDER}/${file} 2>&1`),
    ).not.to.include('verification failed')
  /** What the VM is on, as it runs and as it is defined, and what its image is on top of. */
  const chain = async () => {
    const sources = (how: string) => native(`virsh domblklist a ${how} | awk '/vd/ {print $2}' | xargs`)
    const below = await native(`qemu-img info -U --backing-chain ${FOLDER}/a.qcow2 | grep -c '^image:'`)
    return [await sources(''), await sources('--inactive'), below]
  }
  const whole = [`${FOLDER}/a.qcow2`, `${FOLDER}/a.qcow2`, '1']

  // libvirt 9 merges none that has an internal one as its parent; older ones merge none at all.
  for (const below of ['nothing', 'an internal one'])
    for (const state of ['running', 'shut off'])
      it(`merges an external one back into its base, ${state}, on top of ${below}`, async () => {
        await lab().define(0, 'a')
        await native(`virsh -q pool-create-as p dir --target ${FOLDER}`)
        await mark('a.qcow2', 3, 0)
        if (below !== 'nothing') expect((await snapshot('create', 'a', 'inside')).code).to.equal(0)
        if (state === 'running') await native('virsh -q start a')
        expect((await snapshot('create', 'a', 'ext', '--external')).code).to.equal(0)
        if (state === 'running') await native('virsh -q destroy a')
        await mark('a.ext', 9, 1)
        if (state === 'running') await native('virsh -q start a')
        await native('virsh -q pool-refresh p')
        const deleted = await snapshot('delete', 'a', 'ext', '--yes', '--output', 'json')
        expect([deleted.code, JSON.parse(deleted.out)], deleted.err).to.deep.equal([
          0,
          { name: 'a', host: lab().hosts[0], snapshot: 'ext', changed: true },
        ])
        expect(await native('virsh domstate a')).to.equal(state)
        expect(await chain()).to.deep.equal(whole)
        expect([await names(), await files()]).to.deep.equal([below === 'nothing' ? '' : 'inside', 'a.qcow2'])
        expect(await native("virsh -q vol-list p | awk '{print $1}'")).to.equal('a.qcow2')
        await native('virsh -q destroy a 2>/dev/null || :')
        await demandMark('a.qcow2', 3, 0)
        await demandMark('a.qcow2', 9, 1)
      })

  it('merges nothing into an image that another VM stands on', async () => {
    await lab().define(0, 'a')
    await native(`qemu-img create -q -f qcow2 -F qcow2 -b ${FOLDER}/a.qcow2 ${FOLDER}/b.qcow2`)
    await lab().define(0, 'b')
    expect((await snapshot('create', 'a', 'ext', '--external')).code).to.equal(0)
    await mark('a.ext', 9, 1)
    for (const more of [[], ['--children']]) {
      const { code, err } = await snapshot('delete', 'a', 'ext', '--yes', ...more)
      expect(code).to.equal(2)
      expect(err).to.include(
        `error: delete snapshot 'ext' of a@${lab().hosts[0]}: nothing is merged: ${FOLDER}/a.qcow2 would be written to, and it is the base of ${FOLDER}/b.qcow2 (of 'b')\nhint: give each its own data first`,
      )
    }
    expect([await names(), await files()]).to.deep.equal(['ext', 'a.ext a.qcow2 b.qcow2'])
    await demandMark('b.qcow2', 0, 1)
  })

  it('goes back under no image that another VM stands on', async () => {
    await lab().define(0, 'a')
    expect((await snapshot('create', 'a', 'one')).code).to.equal(0)
    await mark('a.qcow2', 9, 1)
    await native(`qemu-img create -q -f qcow2 -F qcow2 -b ${FOLDER}/a.qcow2 ${FOLDER}/b.qcow2`)
    await lab().define(0, 'b')
    const { code, err } = await snapshot('revert', 'a', 'one', '--yes')
    expect(code).to.equal(2)
    expect(err).to.include(
      `error: revert a@${lab().hosts[0]}: nothing is changed: ${FOLDER}/a.qcow2 would be written to, and it is the base of ${FOLDER}/b.qcow2 (of 'b')\nhint: give each its own data first`,
    )
    await demandMark('b.qcow2', 9, 1)
  })

  it('merges the later of two external ones first', async () => {
    await lab().define(0, 'a')
    for (const name of ['inside', 'one', 'two'])
      expect((await snapshot('create', 'a', name, ...(name === 'inside' ? [] : ['--external']))).code).to.equal(0)
    await mark('a.two', 7, 0)
    const { code, err } = await snapshot('delete', 'a', 'one', '--yes')
    // Some versions merge it into the one on top by themselves.
    if (code !== 0) {
      expect([code, err]).to.deep.equal([
        2,
        `error: delete snapshot 'one' of a@${lab().hosts[0]}: it is not merged: two is on top of it\nhint: remove the latest first\n`,
      ])
      expect([await names(), await files()]).to.deep.equal(['inside one two', 'a.one a.qcow2 a.two'])
    }
    expect((await snapshot('delete', 'a', 'two', '--yes')).code).to.equal(0)
    if (code !== 0) expect((await snapshot('delete', 'a', 'one', '--yes')).code).to.equal(0)
    expect([await names(), await files(), await chain()]).to.deep.equal(['inside', 'a.qcow2', whole])
    await demandMark('a.qcow2', 7, 0)
  })

  for (const [what, leave, message] of [
    ['is paused', 'virsh -q start a --paused', /'a' is paused, and: .*\nhint: resume it, or shut it off/],
    [
      'has a saved state',
      'virsh -q start a; virsh -q managedsave a',
      /'a' has a saved state, .*\nhint: start it first/,
    ],
  ] as const)
    it(`leaves all as it is of a VM that ${what}, where libvirt does not merge`, async function () {
      await lab().define(0, 'a')
      for (const name of ['inside', 'ext'])
        expect((await snapshot('create', 'a', name, ...(name === 'inside' ? [] : ['--external']))).code).to.equal(0)
      await native(leave)
      // 9.9 and later merge it.
      if ((await native('virsh capabilities')).includes('<externalSnapshot/>')) this.skip()
      const { code, err } = await snapshot('delete', 'a', 'ext', '--yes')
      expect(code).to.equal(2)
      expect(err).to.match(message)
      expect([await names(), await files()]).to.deep.equal(['ext inside', 'a.ext a.qcow2'])
      expect((await chain()).slice(0, 2)).to.deep.equal([`${FOLDER}/a.ext`, `${FOLDER}/a.ext`])
    })
}

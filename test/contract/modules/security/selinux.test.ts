import { expect } from 'chai'
import { ModuleFailure } from '../../../../core/module/types.ts'
import seboolean from '../../../../modules/security/seboolean.ts'
import sefcontext from '../../../../modules/security/sefcontext.ts'
import { checkState, runState } from '../../module-driver.ts'
import { type ModuleLab, openModuleLab } from '../lab.ts'

async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof ModuleFailure) return `${error.message} (${error.hint})`
    throw error
  }
  throw new Error('it did not fail')
}

/** What was changed of the policy on this host, in its own store. */
const STORE = '/var/lib/selinux/default/active'
const BOOLEANS = `grep -hv '^#\\|^$' ${STORE}/booleans.local;`
const CONTEXTS = `grep -hv '^#\\|^$' ${STORE}/file_contexts.local | tr -s ' ';`

/*
 * The policy is Debian's own, and semanage, setsebool and setfiles are real: they work on the stored policy whether or not the kernel runs
 * SELinux. A container has the kernel of this machine, which does not: what the kernel says is a table in test/unit/modules/security.
 */
describe('SELinux modules on a real host', function () {
  this.timeout(300_000)
  let lab: ModuleLab
  const stored = { ignore_selinux_state: true }

  before(async () => {
    lab = await openModuleLab('security')
  })
  after(async () => {
    await lab?.native(`rm -rf ${STORE}/booleans.local /srv/vf-images`)
    await lab?.close()
  })

  it('say that SELinux is disabled, and leave it so', async () => {
    const config = await lab.native('cat /etc/selinux/config')
    const disabled = /^SELinux is disabled on this host \(when: ansible_selinux/
    const args = { name: 'virt_use_nfs', state: true, persistent: true }
    expect(await failure(runState(seboolean, lab.host, args))).to.match(disabled)
    expect(await failure(checkState(seboolean, lab.frozen, args))).to.match(disabled)
    const target = { target: '/srv/vf-images(/.*)?', setype: 'virt_image_t' }
    expect(await failure(runState(sefcontext, lab.host, target))).to.match(disabled)
    expect(await failure(runState(seboolean, lab.host, { ...args, persistent: false, ...stored }))).to.match(
      /only the stored policy could be changed/,
    )
    expect(await lab.native(`cat /etc/selinux/config; ${BOOLEANS} ${CONTEXTS}`)).to.equal(config)
  })

  it('set a boolean of the stored policy', async () => {
    const args = { name: 'virt_use_nfs', state: 'on', persistent: true, ...stored }
    await lab.proves(seboolean, args, {
      changes: ['virt_use_nfs at boot'],
      confirm: BOOLEANS,
      answer: 'virt_use_nfs=1',
    })
    await lab.native(`sed -i s/virt_use_nfs=1/virt_use_nfs=0/ ${STORE}/booleans.local`)
    expect(await checkState(seboolean, lab.host, args), 'drifted').to.deep.equal([
      { path: 'virt_use_nfs at boot', before: 'off', after: 'on', effect: 'now' },
    ])
    // What the policy itself says is no change.
    expect(await checkState(seboolean, lab.frozen, { ...args, name: 'virt_use_samba', state: false })).to.deep.equal([])
  })

  it('say what files get, and give them their labels', async () => {
    await lab.native(
      'mkdir -p /srv/vf-images; echo x > /srv/vf-images/a; setfattr -n security.selinux -v system_u:object_r:var_t:s0 /srv/vf-images/a',
    )
    const args = { target: '/srv/vf-images(/.*)?', setype: 'virt_image_t', restorecon: true, ...stored }
    await lab.proves(sefcontext, args, {
      confirm: `${CONTEXTS} getfattr --absolute-names --only-values -n security.selinux /srv/vf-images/a | tr -d '\\0'`,
      answer: '/srv/vf-images(/.*)? system_u:object_r:virt_image_t:s0\nsystem_u:object_r:virt_image_t:s0',
    })
    await lab.native('setfattr -n security.selinux -v system_u:object_r:tmp_t:s0 /srv/vf-images/a')
    const [wrong] = (await runState(sefcontext, lab.host, args)).changes
    expect(wrong).to.include({ path: 'label of /srv/vf-images/a', before: 'system_u:object_r:tmp_t:s0' })
    const other = { ...args, setype: 'virt_content_t', restorecon: false }
    const changed = await runState(sefcontext, lab.host, other)
    expect(changed.changes.map(({ before, after }) => [before, after])).to.deep.equal([
      ['system_u:virt_image_t:s0', 'system_u:virt_content_t:s0'],
    ])
    expect(changed.left).to.deep.equal([])
  })

  it('leave what the policy says itself, and remove only what was added', async () => {
    const own = { target: '/var/lib/libvirt/images(/.*)?', ...stored }
    expect(await checkState(sefcontext, lab.frozen, { ...own, setype: 'virt_image_t' })).to.deep.equal([])
    expect(await checkState(sefcontext, lab.frozen, { ...own, state: 'absent' })).to.deep.equal([])
    const absent = { target: '/srv/vf-images(/.*)?', state: 'absent', ...stored }
    const gone = await runState(sefcontext, lab.host, absent)
    expect(gone.changes).to.have.length(1)
    expect(gone.left).to.deep.equal([])
    expect(await lab.native(CONTEXTS)).to.equal('')
    expect(
      await failure(runState(sefcontext, lab.host, { target: '/srv/q', setype: 'no_such_t', ...stored })),
    ).to.match(/no_such_t is invalid/)
  })

  it('treat one path as another', async () => {
    const args = { target: '/srv/vf-vm', substitute: '/var/lib/libvirt/images', ...stored }
    const made = await runState(sefcontext, lab.host, args)
    expect(made.changes).to.have.length(1)
    expect(made.left).to.deep.equal([])
    expect(await lab.native('matchpathcon -n /srv/vf-vm/a')).to.equal('system_u:object_r:virt_image_t:s0')
    const absent = { target: '/srv/vf-vm', state: 'absent', ...stored }
    expect((await runState(sefcontext, lab.host, absent)).left).to.deep.equal([])
  })
})

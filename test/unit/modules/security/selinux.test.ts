import { expect } from 'chai'
import fc from 'fast-check'
import { ModuleFailure } from '../../../../core/module/types.ts'
import { definedContext, pathOf, substitution } from '../../../../modules/security/contexts.ts'
import seboolean, { readState } from '../../../../modules/security/seboolean.ts'
import { type SefcontextState, sefcontextArgs } from '../../../../modules/security/sefcontext/probe.ts'
import sefcontext from '../../../../modules/security/sefcontext.ts'
import { parseSelinux } from '../../../../modules/security/selinux.ts'

/** Answers of a kernel with SELinux: getsebool and semanage of policycoreutils 3.4. */
const ON = 'on targeted\nvirt_use_nfs --> on\n\n'
const OFF = 'on targeted\nvirt_use_nfs --> off\n\n'
const PENDING = 'on targeted\nvirt_use_nfs --> off pending: on\n\n'
const STORED_ON = 'virt_use_nfs                   (off  ,   on)  Allow virt to use nfs\n'
const LOCAL_OFF = 'virt_use_nfs=0\n'

describe('seboolean', () => {
  const told = (output: string, input: object): (string | undefined)[][] => {
    const args = seboolean.args.parse({ name: 'virt_use_nfs', state: true, ...input }) as never
    return seboolean
      .diff(readState(0, output), args)
      .map(({ path, before, after }) => [path, before as string | undefined, after as string | undefined])
  }
  const kept = { persistent: true }
  const table: [what: string, output: string, input: object, told: (string | undefined)[][]][] = [
    ['on', ON, {}, []],
    ['off', OFF, {}, [['virt_use_nfs', 'off', 'on']]],
    ['off, not wanted on', OFF, { state: 'no' }, []],
    ['not in force yet', PENDING, {}, [['virt_use_nfs', 'off', 'on']]],
    ['on, but not at boot', ON + LOCAL_OFF, kept, [['virt_use_nfs at boot', 'off', 'on']]],
    ['on, also at boot', ON + STORED_ON, kept, []],
    ['off, but on at boot', OFF + STORED_ON, kept, [['virt_use_nfs', 'off', 'on']]],
    ['on, and nothing tells of the boot', ON, kept, [['virt_use_nfs at boot', undefined, 'on']]],
    [
      'no SELinux, stored policy only',
      `off default\n\n${LOCAL_OFF}`,
      { ...kept, ignore_selinux_state: true },
      [['virt_use_nfs at boot', 'off', 'on']],
    ],
  ]
  for (const [what, output, input, expected] of table)
    it(what, () => expect(told(output, input)).to.deep.equal(expected))

  it('fails where there is no such thing', () => {
    expect(() => told('on targeted\n\n', {})).to.throw(ModuleFailure, /no boolean virt_use_nfs/)
    expect(() => told('off targeted\n\n', {})).to.throw(ModuleFailure, /^SELinux is disabled on this host$/)
    expect(() => told('off \n\n', { ...kept, ignore_selinux_state: true })).to.throw(ModuleFailure, /no policy/)
    expect(() => told('', {})).to.throw(ModuleFailure, /disabled/)
    expect(() => parseSelinux(77, '')).to.throw(ModuleFailure, /only root/)
    expect(() => seboolean.args.parse({ name: 'a; b', state: true })).to.throw(/name of a boolean/)
  })

  it('reads any answer of a host', () => {
    fc.assert(fc.property(fc.string(), (text) => void readState(0, `on targeted\n${text}`)))
  })
})

const LOCAL = `/srv/images(/.*)?    system_u:object_r:virt_image_t:s0
/srv/d -d staff_u:object_r:virt_image_t:s0:c1,c2
/srv/none    <<none>>`

describe('sefcontext', () => {
  const state = (more: Partial<SefcontextState> = {}): SefcontextState => ({
    selinux: { enabled: true, policy: 'targeted' },
    local: LOCAL,
    policy: '/var/lib/libvirt/images(/.*)?\tsystem_u:object_r:virt_image_t:s0',
    substitutions: '/srv/vm /var/lib/libvirt/images',
    wrong: [],
    ...more,
  })
  const told = (input: object, more: Partial<SefcontextState> = {}) =>
    sefcontext
      .diff(state(more), sefcontextArgs.parse(input))
      .map(({ path, before, after }) => [path, before, after].filter((one) => one !== undefined).join(' | '))

  it('reads definitions by expression and kind of file', () => {
    expect(definedContext(LOCAL, '/srv/images(/.*)?', 'a')).to.deep.equal({
      user: 'system_u',
      type: 'virt_image_t',
      level: 's0',
    })
    expect(definedContext(LOCAL, '/srv/images(/.*)?', 'f')).to.equal(undefined)
    expect(definedContext(LOCAL, '/srv/d', 'd')).to.deep.include({ user: 'staff_u', level: 's0:c1,c2' })
    expect(definedContext(LOCAL, '/srv/none', 'a')).to.equal('none')
    expect(definedContext('/x   --   system_u:object_r:a_t\n/x -- system_u:object_r:b_t', '/x', 'f')).to.deep.equal({
      user: 'system_u',
      type: 'b_t',
      level: '',
    })
    expect(substitution('/srv/vm /var/lib/libvirt/images', '/srv/v')).to.equal(undefined)
    fc.assert(fc.property(fc.string(), (text) => void definedContext(text, '/x', 'a')))
  })

  const table: [input: object, told: string[]][] = [
    [{ target: '/srv/images(/.*)?', setype: 'virt_image_t' }, []],
    [
      { target: '/srv/images(/.*)?', setype: 'virt_content_t' },
      ['/srv/images(/.*)? (a) | system_u:virt_image_t:s0 | system_u:virt_content_t:s0'],
    ],
    [{ target: '/srv/d', ftype: 'd', setype: 'virt_image_t' }, []],
    [
      { target: '/srv/d', ftype: 'd', setype: 'virt_image_t', selevel: 's0' },
      ['/srv/d (d) | staff_u:virt_image_t:s0:c1,c2 | staff_u:virt_image_t:s0'],
    ],
    [{ target: '/srv/d', setype: 'virt_image_t' }, ['/srv/d (a) | system_u:virt_image_t:s0']],
    [{ path: '/srv/none', setype: '<<none>>' }, []],
    [{ target: '/var/lib/libvirt/images(/.*)?', setype: 'virt_image_t' }, []],
    [{ target: '/var/lib/libvirt/images(/.*)?', state: 'absent' }, []],
    [{ target: '/srv/images(/.*)?', state: 'absent' }, ['/srv/images(/.*)? (a) | system_u:virt_image_t:s0']],
    [{ target: '/srv/vm', substitute: '/var/lib/libvirt/images' }, []],
    [{ target: '/srv/vm', equal: '/srv/other' }, ['/srv/vm (a) | as /var/lib/libvirt/images | as /srv/other']],
    [{ target: '/srv/vm', state: 'absent' }, ['/srv/vm (a) | as /var/lib/libvirt/images']],
  ]
  for (const [input, expected] of table) it(JSON.stringify(input), () => expect(told(input)).to.deep.equal(expected))

  it('tells of labels only where it is asked to restore them', () => {
    const wrong = [
      { path: '/srv/images/a', from: 'system_u:object_r:var_t:s0', to: 'system_u:object_r:virt_image_t:s0' },
    ]
    const input = { target: '/srv/images(/.*)?', setype: 'virt_image_t' }
    expect(told(input, { wrong })).to.deep.equal([])
    expect(told({ ...input, restorecon: true }, { wrong })).to.have.length(1)
  })

  it('restores below paths, not below what an expression may mean', () => {
    const paths = ['/srv/images(/.*)?', '/srv/a\\.b', '/srv/a/', '/srv/img[0-9]+', '/srv/.*', '/', '/srv/a.b'].map(
      pathOf,
    )
    expect(paths).to.deep.equal(['/srv/images', '/srv/a.b', '/srv/a', undefined, undefined, undefined, undefined])
  })

  const refused: [object, RegExp][] = [
    [{ target: '/x' }, /either setype or substitute/],
    [{ target: '/x', setype: 'a_t', substitute: '/y' }, /either setype or substitute/],
    [{ target: 'x', setype: 'a_t' }, /must be a path/],
    [{ target: '/x y', setype: 'a_t' }, /must be a path/],
    [{ target: '/x', setype: 'a t' }, /must be a type/],
    [{ target: '/x.*', setype: 'a_t', restorecon: true }, /restorecon needs a target/],
    [{ target: '/(/.*)?', setype: 'a_t', restorecon: true }, /restorecon needs a target/],
  ]
  for (const [input, message] of refused)
    it(`refuses ${JSON.stringify(input)}`, () => expect(() => sefcontextArgs.parse(input)).to.throw(message))

  it('fails where SELinux is disabled', () => {
    const selinux = { enabled: false, policy: 'default' }
    expect(() => told({ target: '/x', setype: 'a_t' }, { selinux })).to.throw(ModuleFailure, /^SELinux is disabled/)
    expect(told({ target: '/x', setype: 'a_t', ignore_selinux_state: true }, { selinux })).to.have.length(1)
  })
})

import { expect } from 'chai'
import aptModule from '../../../../modules/system/apt.ts'
import { apt } from '../../../../modules/system/packages/apt.ts'
import { splitVersion } from '../../../../modules/system/packages/names.ts'
import { diffPackages, type PackagesState } from '../../../../modules/system/packages/package.ts'
import { dnf } from '../../../../modules/system/packages/rpm.ts'

const DPKG = `@@dpkg
libc6\tamd64\tinstalled\t2.36-9+deb12u8\tlibc6-2.36
libc6\ti386\tconfig-files\t2.36-9+deb12u8\t
nullmailer\tamd64\tinstalled\t1:2.2-3\tmail-transport-agent, smtp (= 1)
old\tall\tconfig-files\t1.0\t
`
const POLICY = `@@policy
hello:
  Installed: (none)
  Candidate: 2.10-3
  Version table:
     2.10-3 500
        500 http://mirror.example/debian bookworm/main amd64 Packages
virtual:
  Installed: (none)
  Candidate: (none)
  Version table:
`

describe('packages', () => {
  const state = (names: string[], more: Partial<PackagesState> = {}): PackagesState => ({
    backend: apt,
    packages: apt.parse(DPKG + POLICY, { names, candidates: true }),
    pending: [],
    cacheAge: undefined,
    ...more,
  })
  const diff = (input: object, more: Partial<PackagesState> = {}) => {
    const args = aptModule.args.parse(input) as never as Parameters<typeof diffPackages>[1]
    return diffPackages(
      state(
        args.name.map((one) => one.split('=')[0]!),
        more,
      ),
      args,
    )
  }

  it('looks at what dnf has cached, unless the task refreshes it', () => {
    const looks = (fresh: boolean) => [
      dnf.query({ names: ['qemu-kvm'], candidates: true, fresh }).text,
      dnf.pending(false, fresh).text,
    ]
    for (const text of looks(false)) expect(text).to.match(/ -q -C (repoquery|check-update) /)
    for (const text of looks(true))
      expect(text)
        .to.match(/(repoquery|check-update) /)
        .and.not.include(' -C ')
  })

  it('reads the answers of dpkg-query and apt-cache policy', () => {
    const found = apt.parse(DPKG + POLICY, {
      names: ['libc6', 'libc6:i386', 'mail-transport-agent', 'hello', 'virtual', 'none', 'old'],
      candidates: true,
    })
    expect(Object.fromEntries(found)).to.deep.equal({
      libc6: { installed: '2.36-9+deb12u8', candidate: undefined },
      'libc6:i386': { installed: undefined, candidate: undefined, residual: true, unheard: true },
      'mail-transport-agent': { installed: '1:2.2-3', candidate: '1:2.2-3', providedBy: 'nullmailer' },
      hello: { installed: undefined, candidate: '2.10-3' },
      virtual: { installed: undefined, candidate: undefined },
      none: { installed: undefined, candidate: undefined, unheard: true },
      old: { installed: undefined, candidate: undefined, residual: true, unheard: true },
    })
  })

  it('reads what an upgrade would do', () => {
    const output =
      'Inst libc6 [2.36-9] (2.36-10 Debian:12 [amd64]) []\nInst new (1.0 Debian:12 [all])\nRemv gone [0.9]\n'
    expect(apt.parsePending(output)).to.deep.equal([
      { name: 'libc6', installed: '2.36-9', candidate: '2.36-10' },
      { name: 'new', installed: undefined, candidate: '1.0' },
      { name: 'gone', installed: '0.9', candidate: undefined },
    ])
    expect(
      dnf
        .parsePending('\nbash.x86_64        5.1.8-9.el9     baseos\npython3.11.noarch  3.11.9-1.el9   appstream\n')
        .map((one) => [one.name, one.candidate]),
    ).to.deep.equal([
      ['bash', '5.1.8-9.el9'],
      ['python3.11', '3.11.9-1.el9'],
    ])
  })

  it('reads rpm, also what only a provider answers for', () => {
    const output =
      '@@rpm\nN\tbash\nbash\tx86_64\t5.1.8-9.el9\nN\tvi\nvim-minimal\tx86_64\t2:8.2-1\nN\tnone\n@@offered\nbash\t5.1.8-10.el9\n'
    expect(Object.fromEntries(dnf.parse(output, { names: ['bash', 'vi', 'none'], candidates: true }))).to.deep.equal({
      bash: { installed: '5.1.8-9.el9', candidate: '5.1.8-10.el9' },
      vi: { installed: '2:8.2-1', candidate: undefined, providedBy: 'vim-minimal' },
      none: { installed: undefined, candidate: undefined },
    })
  })

  const table: [string, object, string[]][] = [
    ['what is there', { name: 'libc6' }, []],
    ['what is not', { name: 'hello,libc6' }, ['packages.hello']],
    ['provided by another', { name: 'mail-transport-agent' }, []],
    ['only provided, to be removed', { name: 'mail-transport-agent', state: 'absent' }, []],
    ['to be removed', { pkg: 'nullmailer', state: 'absent' }, ['packages.nullmailer']],
    ['configuration that stayed', { name: 'old', state: 'absent' }, []],
    ['configuration to be purged', { name: 'old', state: 'absent', purge: true }, ['packages.old']],
    ['another version', { name: 'libc6=2.36-8' }, ['packages.libc6']],
    ['a version by pattern', { name: 'libc6=2.36-9*' }, []],
    ['only upgraded', { name: 'hello', only_upgrade: true }, []],
  ]
  for (const [what, input, expected] of table)
    it(`apt: ${what}`, () => expect(diff(input).map((one) => one.path)).to.deep.equal(expected))

  it('refreshes lists when they are too old for what is asked', () => {
    const paths = (input: object, cacheAge: number) => diff(input, { cacheAge }).map((one) => one.path)
    expect(paths({ update_cache: true }, 10)).to.deep.equal(['package lists'])
    expect(paths({ update_cache: true, cache_valid_time: 60 }, 10)).to.deep.equal([])
    expect(paths({ name: 'libc6', update_cache: true }, 1e6)).to.deep.equal([])
    expect(paths({ name: 'libc6', state: 'latest', update_cache: true }, 1e6)).to.deep.equal(['package lists'])
    expect(paths({ name: 'libc6', state: 'latest', update_cache: true }, 10)).to.deep.equal([])
    expect(paths({ name: 'libc6', update_cache: true }, -1)).to.deep.equal(['package lists'])
  })

  it('writes one script, with the lock waited for and configuration kept', () => {
    const act = {
      install: ['a=1'],
      remove: [],
      purge: false,
      autoremove: false,
      upgrade: undefined,
      updateCache: true,
      recommends: false,
      onlyUpgrade: false,
      options: [],
      lockTimeout: 7,
    }
    const script = apt.act(act).text
    expect(script).to.match(
      /set -e\napt-get update .*\napt-get install -y -q -o DPkg::Lock::Timeout=7 .*--force-confold.* -o APT::Install-Recommends=no +-- a=1$/,
    )
  })

  it('splits versions only where a name cannot hold them', () => {
    expect(splitVersion('a=1', 'apt')).to.deep.equal({ name: 'a', version: '1' })
    expect(splitVersion('a-1', 'dnf')).to.deep.equal({ name: 'a-1' })
  })
})

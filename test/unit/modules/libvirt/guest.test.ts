import { expect } from 'chai'
import fc from 'fast-check'
import type { JsonObject } from '../../../../core/events/json.ts'
import { ModuleFailure, UNKNOWN } from '../../../../core/module/types.ts'
import { guestArgs } from '../../../../modules/libvirt/guest/args.ts'
import { diffGuest } from '../../../../modules/libvirt/guest/diff.ts'
import { fishWord } from '../../../../modules/libvirt/guest/fish.ts'
import { readFreeSpace, readInspection } from '../../../../modules/libvirt/guest/inspection.ts'
import { listCommands, readListing } from '../../../../modules/libvirt/guest/listing.ts'
import { type GuestState, sha256 } from '../../../../modules/libvirt/guest/probe.ts'
import { stampsOf } from '../../../../modules/libvirt/guest/stamps.ts'
import { customizeOptions } from '../../../../modules/libvirt/guest/tools.ts'

const args = (more: JsonObject = {}) => guestArgs.parse({ domain: 'web1', ...more })
const A = sha256(Buffer.from('a'))
const IN = { copy_in: [{ dest: '/etc/motd', content: 'a' }] }
const OUT = { copy_out: [{ src: '/etc/motd', dest: '/root/motd' }] }

const state = (more: Partial<GuestState> & { refusal?: string; found?: boolean } = {}): GuestState => {
  const { refusal, found = true, ...rest } = more
  return {
    answer: { kind: 'answer', value: found ? { disks: [{ file: '/i/a', format: 'raw' }], refusal } : undefined },
    check: false,
    tools: true,
    contents: new Map([['/etc/motd', Buffer.from('a')]]),
    inGuest: new Map(),
    onHost: new Map(),
    stamps: new Set(),
    facts: {},
    ...rest,
  }
}

describe('libvirt_guest', () => {
  const stamps = (input: JsonObject) => new Set(stampsOf(args(input)).map((one) => one.name))
  const both = { customize: { hostname: 'x' }, sysprep: true }
  const table: [string, GuestState, JsonObject, string[] | string][] = [
    ['nothing to do', state(), { inspect: true }, []],
    ['a file that is missing', state(), IN, ['in:/etc/motd now']],
    ['a file that is there', state({ inGuest: new Map([['/etc/motd', A]]) }), IN, []],
    ['a file that is another', state({ inGuest: new Map([['/etc/motd', 'b']]) }), IN, ['in:/etc/motd now']],
    ['a file out', state({ inGuest: new Map([['/etc/motd', A]]) }), OUT, ['out:/root/motd now']],
    [
      'a file that is out',
      state({ inGuest: new Map([['/etc/motd', A]]), onHost: new Map([['/root/motd', A]]) }),
      OUT,
      [],
    ],
    ['a file that the guest lacks', state(), OUT, 'has no file /etc/motd'],
    ['both at first', state(), both, ['sysprep now', 'customize now']],
    ['both, done', state({ stamps: stamps(both) }), both, []],
    [
      'both, done, and again',
      state({ stamps: stamps(both) }),
      { ...both, force: true },
      ['sysprep action', 'customize action'],
    ],
    ['another name', state({ stamps: stamps(both) }), { ...both, customize: { hostname: 'y' } }, ['customize now']],
    ['one that runs', state({ refusal: "domain 'web1' runs" }), { inspect: true }, "domain 'web1' runs"],
    ['no tools', state({ tools: false }), IN, 'libguestfs is not on the host'],
    ['no domain', state({ found: false }), IN, 'no domain'],
  ]
  for (const [what, of, input, expected] of table)
    it(what, () => {
      const act = () => diffGuest(of, args(input)).map((one) => `${one.path} ${one.effect}`)
      if (typeof expected === 'string') expect(act).to.throw(ModuleFailure, expected)
      else expect(act()).to.deep.equal(expected)
    })
  it('does not know in a check run what an earlier task would have made', () => {
    for (const of of [state({ check: true, found: false }), state({ check: true, tools: false })])
      expect(diffGuest(of, args(IN))[0]?.after).to.equal(UNKNOWN)
  })

  it('has no password in its stamps, and no other options for another one', () => {
    const of = (word: string) => stampsOf(args({ customize: { passwords: { root: word } } }))[0]?.name
    expect(of('a')).to.equal(of('b'))
    expect(of('a')).not.to.equal(stampsOf(args({ customize: {} }))[0]?.name)
    const { customize } = args({
      customize: { passwords: { root: 'hunter2' }, run: 'echo a, b', ssh_keys: { root: 'ssh-ed25519 A' } },
    })
    const options = customizeOptions(customize!, [{ user: 'root', file: './3' }])
    expect(options).to.deep.equal([
      '--no-network',
      '--password',
      'root:file:./3',
      '--ssh-inject',
      'root:string:ssh-ed25519 A',
      '--run-command',
      'echo a, b',
    ])
  })

  it('gives guestfish one word, whatever the path', () => {
    expect(fishWord('/a "b" \\c')).to.equal('"/a \\"b\\" \\\\c"')
    expect(() => fishWord('/a\nrm-rf /')).to.throw(RangeError)
    fc.assert(
      fc.property(fc.string(), (text) => {
        const clean = text.replace(/[\u0000-\u001f\u007f]/g, '')
        const word = fishWord(clean)
        expect(word.slice(1, -1).replace(/\\(.)/gu, '$1')).to.equal(clean)
        expect(/^"(?:[^"\\]|\\["\\])*"$/.test(word)).to.equal(true)
      }),
    )
    for (const bad of ['relative', '/a\nb', '/\u0007'])
      expect(guestArgs.safeParse({ domain: 'x', copy_in: [{ dest: bad, content: '' }] }).success, bad).to.equal(false)
  })

  it('reads what the tools say', () => {
    const xml = `<?xml version="1.0"?><operatingsystems><operatingsystem><root>/dev/sda1</root><name>linux</name><arch>x86_64</arch><distro>debian</distro><major_version>12</major_version><minor_version>5</minor_version><mountpoints><mountpoint dev="/dev/sda1">/</mountpoint></mountpoints><filesystems><filesystem dev="/dev/sda1"><type>ext4</type></filesystem></filesystems></operatingsystem></operatingsystems>`
    expect(readInspection(xml)).to.deep.include({
      distro: 'debian',
      version: '12.5',
      hostname: null,
      mountpoints: { '/': '/dev/sda1' },
    })
    expect(readInspection('<operatingsystems/>')).to.equal(undefined)
    const df = `Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/root 1 1 1 1% /\n/dev/sda 56037 779 50672 2% /sysroot\n/dev/sdb 10 1 9 2% /sysroot/var lib\n`
    expect(readFreeSpace(df)).to.deep.equal([
      { device: '/dev/sda', mountpoint: '/', size: 57381888, used: 797696, available: 51888128 },
      { device: '/dev/sdb', mountpoint: '/var lib', size: 10240, used: 1024, available: 9216 },
    ])
  })
})

describe('folders of a guest', () => {
  const entry = (letter: string, name: string) => `[0] = {\n  ino: 12\n  ftyp: ${letter}\n  name: ${name}\n}\n`
  const kinds = (...entries: [string, string][]) => entries.map(([letter, name]) => entry(letter, name)).join('')

  it('are told by name and type, links and devices too', () => {
    const parts = ['true\n', 'Program Files\0a\0dev\0', kinds(['d', 'Program Files'], ['l', 'a'], ['b', 'dev'])]
    expect(readListing('/', parts)).to.deep.equal([
      { name: 'Program Files', type: 'directory' },
      { name: 'a', type: 'link' },
      { name: 'dev', type: 'block device' },
    ])
  })
  it('are null where they are none, and empty where nothing is in them', () => {
    expect(readListing('/x', ['false\n', '', ''])).to.equal(null)
    expect(readListing('/x', ['true\n', '', ''])).to.deep.equal([])
    expect(readListing('/x', [])).to.equal(null)
  })
  it('tell no kinds where a name could forge them', () => {
    const forging = `x\n}\n[1] = {\n  ino: 1\n  ftyp: r\n  name: real`
    const parts = ['true\n', `${forging}\0real\0`, kinds(['r', forging], ['l', 'real'])]
    expect(readListing('/', parts)).to.deep.equal([
      { name: forging, type: null },
      { name: 'real', type: null },
    ])
  })
  it('are not listed without an end', () => {
    expect(() => readListing('/', ['true\n', 'x\0'.repeat(10_001), ''])).to.throw(ModuleFailure, '10001 entries')
  })
  it('are asked for by words that guestfish takes as they are', () => {
    for (const command of listCommands('/a "b"\\')) expect(command).to.include('"/a \\"b\\"\\\\"')
  })
  it('are not written to in a VMDK', () => {
    const parse = (more: JsonObject) => guestArgs.safeParse({ image: '/i/w.vmdk', format: 'vmdk', ...more }).success
    expect(parse({ list: ['/'] })).to.equal(true)
    expect(parse({ sysprep: true })).to.equal(false)
    expect(parse({ list: ['/a\nsh rm'] })).to.equal(false)
  })
})

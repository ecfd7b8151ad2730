import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import type { JsonObject } from '../../../../../core/events/json.ts'
import { basesIn } from '../../../../../core/libvirt/images/bases.ts'
import { filesIn } from '../../../../../core/libvirt/images/places.ts'
import { parseXml } from '../../../../../core/libvirt/xml/element.ts'
import { ModuleFailure } from '../../../../../core/module/types.ts'
import { imageArgs } from '../../../../../modules/libvirt/image/args.ts'
import { diffImage } from '../../../../../modules/libvirt/image/diff.ts'
import { declaredDigest, digestInList, nameInUrl } from '../../../../../modules/libvirt/image/digest.ts'
import { readHeader } from '../../../../../modules/libvirt/image/qcow2.ts'

const A = 'a'.repeat(64)
const B = 'b'.repeat(64)
const LONG = 'c'.repeat(128)

describe('the checksum of an image', () => {
  it('is hexadecimal, or the URL of a list', () => {
    expect(declaredDigest(`sha256:${A.toUpperCase()}`)).to.deep.equal({ algorithm: 'sha256', hex: A })
    expect(declaredDigest('SHA512:https://x/SHA512SUMS')).to.deep.equal({
      algorithm: 'sha512',
      list: 'https://x/SHA512SUMS',
    })
    for (const bad of [
      A,
      `md5:${'a'.repeat(32)}`,
      `sha512:${A}`,
      'sha256:',
      'sha256:file:///etc/shadow',
      `sha256:${'g'.repeat(64)}`,
    ])
      expect(() => declaredDigest(bad), bad).to.throw(ModuleFailure)
  })

  const lists: [string, string, string | undefined][] = [
    ['coreutils', `${A}  other\n${B}  x.qcow2\n`, B],
    ['binary mode', `${B} *x.qcow2\r\n`, B],
    ['a folder', `${B}  ./x.qcow2\n${A}  x.qcow2.asc\n`, B],
    ['BSD', `# comment\nSHA256 (x.qcow2) = ${B}\nSHA512 (x.qcow2) = ${LONG}\n`, B],
    ['alone', `${B}\n`, B],
    ['alone among others', `${B}\n${A}\n`, undefined],
    ['of the wrong length', `${LONG}  x.qcow2\n`, undefined],
    ['nothing', '', undefined],
  ]
  for (const [what, list, expected] of lists)
    it(`in a list: ${what}`, () => expect(digestInList(list, 'x.qcow2', 'sha256')).to.equal(expected))

  it('that a list has twice is none', () => {
    expect(() => digestInList(`${A}  x\n${B}  x\n`, 'x', 'sha256')).to.throw('several')
    expect(digestInList(`${A}  x\n${A}  x\n`, 'x', 'sha256')).to.equal(A)
  })
  it('is looked up by the name in the URL', () => {
    expect(nameInUrl('https://h/a/b%20c.qcow2?sig=/x#y')).to.equal('b c.qcow2')
    expect(nameInUrl('https://h/%zz')).to.equal('%zz')
  })
})

describe('the header of an image', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'virtfleet-image-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))
  const made = (name: string, ...options: string[]) => {
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, join(folder, name), '8M'])
    return readHeader(readFileSync(join(folder, name)).subarray(0, 104))
  }

  it('says format and size, and what other file it names', () => {
    expect(made('plain')).to.deep.include({
      format: 'qcow2',
      virtualSize: 8388608n,
      refersTo: undefined,
      problem: undefined,
    })
    expect(made('old', '-o', 'compat=0.10').refersTo).to.equal(undefined)
    expect(made('overlay', '-b', 'plain', '-F', 'qcow2').refersTo).to.equal('a backing file')
    expect(made('old-overlay', '-o', 'compat=0.10', '-b', 'plain', '-F', 'qcow2').refersTo).to.equal('a backing file')
    expect(made('data', '-o', `data_file=${folder}/d`).refersTo).to.equal('a data file')
    expect(made('raw-data', '-o', `data_file=${folder}/e,data_file_raw=on`).refersTo).to.equal('a data file')
    expect(readHeader(Buffer.from('not an image')).format).to.equal('raw')
    expect(readHeader(Buffer.alloc(0)).format).to.equal('raw')
  })
  it('of whatever bytes is an answer', () => {
    const magic = Buffer.from([0x51, 0x46, 0x49, 0xfb])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        expect(readHeader(Buffer.concat([magic, bytes])).format).to.equal('qcow2')
      }),
    )
  })
})

describe('what an image is on top of', () => {
  const table: [string, object, string[]][] = [
    ['nothing', {}, []],
    ['a path', { 'backing-filename': '/b', 'full-backing-filename': '/b' }, ['/b']],
    ['a name beside it', { 'backing-filename': 'b', 'full-backing-filename': '/x/b' }, ['/x/b']],
    ['a name, seen from elsewhere', { 'backing-filename': '../b' }, ['/b']],
    [
      'a pseudo-protocol',
      { 'backing-filename': 'json:{"driver":"qcow2","file":{"driver":"file","filename":"/b"}}' },
      ['/b'],
    ],
    ['a flat one', { 'backing-filename': 'json:{"driver":"qcow2","file.filename":"/b\\"c"}' }, ['/b"c']],
    ['a file: name', { 'backing-filename': 'file:/b' }, ['/b']],
  ]
  for (const [what, info, expected] of table)
    it(what, () => expect(basesIn(JSON.stringify(info), '/x/overlay')).to.deep.equal(expected))
  it('is not known where qemu-img is not understood', () => expect(basesIn('{', '/x')).to.equal(undefined))
  it('is in every source of a domain', () => {
    const xml = `<domain><os><kernel>/k</kernel><nvram template='/t'>/n</nvram></os><devices><disk><source file='/a'/><backingStore><source file='/b'/></backingStore><mirror><source dev='/dev/c'/></mirror></disk><interface><source dev='eth0'/></interface></devices></domain>`
    expect(filesIn(parseXml(xml)).sort()).to.deep.equal(['/a', '/b', '/dev/c', '/k', '/n', '/t'])
  })
})

describe('libvirt_image', () => {
  const url = { path: '/i/x.qcow2', url: 'https://h/x.qcow2', checksum: `sha256:${A}` }
  const mistakes: [JsonObject, string][] = [
    [{ path: '/x', url: 'https://h/x' }, 'needs a checksum'],
    [{ path: '/x' }, 'either url or src'],
    [{ ...url, src: 'y' }, 'either url or src'],
    [{ ...url, url: 'file:///etc/shadow' }, 'http, https or ftp'],
    [{ ...url, url: 'https://h/x -o /etc/passwd' }, 'http, https or ftp'],
  ]
  for (const [input, message] of mistakes)
    it(`refuses ${JSON.stringify(input)}`, () => {
      expect(
        imageArgs
          .safeParse(input)
          .error?.issues.map((one) => one.message)
          .join(),
      ).to.include(message)
    })

  const nobody = { domains: [], overlays: [], unknown: [], closed: [] }
  const header = { format: 'qcow2', virtualSize: 1n, refersTo: undefined, problem: undefined }
  const entry = { kind: 'file', mode: 0o444, owner: 'root', group: 'root', uid: 0, gid: 0, size: 1 }
  const state = (digest: string | undefined, more: object = {}) =>
    ({
      wanted: { algorithm: 'sha256', hex: A },
      source: undefined,
      found: digest && { entry, digest, header },
      users: nobody,
      ...more,
    }) as never
  const paths = (of: never, input: JsonObject) => diffImage(of, imageArgs.parse(input)).map((one) => one.path)
  const absent = { path: '/i/x.qcow2', state: 'absent' }
  const unused = { path: '/i/x.qcow2', state: 'unused' }
  const used = { users: { ...nobody, overlays: ['/i/web1.qcow2'] } }
  const table: [string, never, JsonObject, string[] | string][] = [
    ['nothing there', state(undefined), url, ['content']],
    ['the same', state(A), url, []],
    [
      'the same, other mode',
      state(A, { found: { entry: { ...entry, mode: 0o644 }, digest: A, header } }),
      url,
      ['mode'],
    ],
    ['another', state(B), url, ['content']],
    ['another, which an overlay needs', state(B, used), url, 'it is the base of /i/web1.qcow2'],
    ['the same, of another format', state(A), { ...url, format: 'raw' }, 'is qcow2, not raw'],
    [
      'the same, and it names a file',
      state(A, { found: { entry, digest: A, header: { ...header, refersTo: 'a backing file' } } }),
      url,
      'names a backing file',
    ],
    [
      'a folder',
      state(A, { found: { entry: { ...entry, kind: 'directory' }, digest: A, header } }),
      url,
      'is a directory',
    ],
    ['removed', state(A), absent, ['state']],
    ['removed already', state(undefined), absent, []],
    ['removed, though needed', state(A, used), absent, 'it is the base of'],
    ['removed, though nobody knows', state(A, { users: undefined }), absent, 'is not known'],
    [
      'removed, though something could not be read',
      state(A, { users: { ...nobody, unknown: ['/i/y'] } }),
      absent,
      '/i/y',
    ],
    [
      'removed, though a folder could not be looked into',
      state(A, { users: { ...nobody, closed: ['/j'] } }),
      absent,
      '/j cannot be looked into',
    ],
    ['unused', state(A), unused, ['state']],
    ['unused, for all that can be told', state(A, { users: { ...nobody, closed: ['/j'] } }), unused, []],
    ['unused, but needed', state(A, used), unused, []],
    ['unused, but a disk', state(A, { users: { ...nobody, domains: ['web1'] } }), unused, []],
  ]
  for (const [what, of, input, expected] of table)
    it(what, () => {
      if (typeof expected === 'string') expect(() => paths(of, input)).to.throw(ModuleFailure, expected)
      else expect(paths(of, input)).to.deep.equal(expected)
    })
})

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Details, type Look, look, type Seen } from '../../../../modules/files/looks.ts'
import type { WantedDetails } from '../../../../modules/files/looks-details.ts'
import { DIFF_LIMIT } from '../../../../modules/files/looks-script.ts'
import { reader, SHELLS, scripts, withTool } from './looks-host.ts'

const NAMES = ['plain', 'two words', "it's", 'back\\slash', '-rf', '$HOME', '*', 'new\nline', 'ünï']

/** Looking changes it. */
const withoutAtime = (seen: Seen | undefined) => seen && { ...seen, entry: seen.entry && { ...seen.entry, atime: 0 } }

describe('looks at files', () => {
  let folder: string
  const at = (name: string): string => join(folder, name)
  const sum = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex')

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'virtfleet-looks-'))
    for (const [i, name] of NAMES.entries()) writeFileSync(at(name), `${name} ${i}\0\xff no end`)
    mkdirSync(at('folder'))
    writeFileSync(at('folder/inside'), 'inside\n')
    writeFileSync(at('large'), Buffer.alloc(DIFF_LIMIT + 1))
    writeFileSync(at('empty'), '')
    symlinkSync(at('plain'), at('link'))
    symlinkSync(at('nowhere'), at('broken'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const shell of SHELLS)
    for (const wantsDiff of [false, true])
      it(`sees what is there by ${shell.join(' ')}${wantsDiff ? ', with contents that differ' : ''}`, async () => {
        const files = [...NAMES, 'large', 'empty', 'folder/inside', 'link']
        const looks: Look[] = [
          { path: at('none/below') },
          // Every second one has the content that is declared.
          ...files.map((name, i) => ({
            path: at(name),
            content: { declared: i % 2 === 0 ? sum(readFileSync(at(name))) : sum('other') },
          })),
          { path: at('folder') },
          { path: at('folder'), into: 'inside', content: { declared: sum('inside\n') } },
          { path: at('plain'), into: 'inside', content: { declared: sum('other') } },
          { path: at('broken'), link: true },
          { path: at('link'), link: true },
          { path: at('plain'), link: true },
          { path: at('link'), link: 'only' },
          { path: at('broken'), link: 'only' },
          { path: at('plain'), link: 'only' },
          { path: at('none/below'), link: 'only' },
          { path: at('folder/inside'), link: 'only', content: { declared: sum('other') } },
          { path: at('empty'), content: 'text' },
          { path: at('two words'), content: 'text' },
          { path: at('folder'), content: 'text' },
          { path: at('link'), content: { declared: undefined }, link: true },
          { path: '/dev/null' },
        ]
        const seen = await look(reader(shell, wantsDiff), looks)
        const told = seen.map(({ path, entry, link, content, device }) => ({
          path,
          kind: entry?.kind ?? 'none',
          size: entry?.size,
          mode: entry?.mode,
          digest: entry?.digest,
          content: content?.toString('latin1'),
          link: link && [link.kind, link.inode, link.target],
          device,
        }))
        const expected = looks.map(({ path: given, into, content: wanted, link: followed }) => {
          const itself = followed ? lstatSync(given, { throwIfNoEntry: false }) : undefined
          const link = itself?.isSymbolicLink() ? ['link', itself.ino, readlinkSync(given)] : undefined
          const inFolder = into !== undefined && statSync(given).isDirectory()
          const path = inFolder ? join(given, into) : given
          if (!existsSync(path) || (followed === 'only' && link)) {
            const { dev } = statSync(folder)
            return {
              path,
              kind: 'none',
              size: undefined,
              mode: undefined,
              digest: undefined,
              content: undefined,
              link,
              device: dev,
            }
          }
          const stat = statSync(path)
          const bytes = stat.isFile() ? readFileSync(path) : undefined
          const declared = typeof wanted === 'object'
          const differs = declared && wantsDiff && bytes && sum(bytes) !== wanted.declared
          const shown = bytes && (wanted === 'text' || (differs && bytes.length <= DIFF_LIMIT))
          return {
            path,
            kind: stat.isDirectory() ? 'directory' : stat.isFile() ? 'file' : 'char',
            size: stat.size,
            mode: stat.mode & 0o7777,
            digest: declared && bytes ? sum(bytes) : undefined,
            content: shown ? bytes.toString('latin1') : undefined,
            link,
            device: stat.dev,
          }
        })
        expect(told).to.deep.equal(expected)
        // One path at a time goes another way.
        for (const [i, one] of looks.entries())
          expect(withoutAtime((await look(reader(shell, wantsDiff), [one]))[0]), one.path).to.deep.equal(
            withoutAtime(seen[i]),
          )
      })

  for (const shell of SHELLS)
    it(`tells details by ${shell.join(' ')}`, async () => {
      chmodSync(at('folder/inside'), 0o640)
      symlinkSync('link', at('link to a link'))
      const sums = (algorithm: string, name: string): string =>
        createHash(algorithm)
          .update(readFileSync(at(name)))
          .digest('hex')
      const mime = (name: string): string | undefined =>
        spawnSync('file', ['-bi', '--', at(name)], { encoding: 'utf8' }).stdout?.trim() || undefined
      const asked: [string, WantedDetails, Details | undefined][] = [
        ...NAMES.map((name): [string, WantedDetails, Details] => [
          name,
          { follow: false, digest: 'sha1', mime: true },
          { access: 'rw', source: undefined, digest: sums('sha1', name), mime: mime(name) },
        ]),
        [
          'folder/inside',
          { follow: true, digest: 'sha512', mime: false },
          { access: 'rw', source: undefined, digest: sums('sha512', 'folder/inside'), mime: undefined },
        ],
        [
          'folder',
          { follow: false, digest: 'md5', mime: true },
          { access: 'rwx', source: undefined, digest: undefined, mime: undefined },
        ],
        [
          'link to a link',
          { follow: false, digest: 'md5', mime: true },
          { access: 'rw', source: at('plain'), digest: undefined, mime: undefined },
        ],
        [
          'link to a link',
          { follow: true, digest: 'md5', mime: true },
          { access: 'rw', source: at('plain'), digest: sums('md5', 'plain'), mime: mime('plain') },
        ],
        ['broken', { follow: true, digest: 'md5', mime: true }, undefined],
        [
          'broken',
          { follow: false, digest: undefined, mime: false },
          { access: '', source: at('nowhere'), digest: undefined, mime: undefined },
        ],
        ['none/below', { follow: false, digest: 'md5', mime: true }, undefined],
      ]
      scripts.length = 0
      const seen = await look(
        reader(shell, false),
        asked.map(([name, details]) => ({ path: at(name), link: details.follow ? false : 'only', details })),
      )
      rmSync(at('link to a link'))
      expect(scripts).to.have.lengthOf(1)
      expect(seen.map((one) => one.details)).to.deep.equal(asked.map(([, , expected]) => expected))
    })

  it('asks stat(1) once for paths and links, unless a link is to be followed', async () => {
    const looks: Look[] = [
      { path: at('plain') },
      { path: at('folder'), link: true },
      { path: at('link'), link: 'only' },
      { path: at('none/below') },
    ]
    const calls = at('calls')
    const count = async (asked: readonly Look[]): Promise<number> => {
      rmSync(calls, { force: true })
      await withTool('stat', `echo >>'${calls}'`, (host) => look(host, asked))
      return readFileSync(calls, 'utf8').length
    }
    expect(await count(looks)).to.equal(1)
    expect(await count([...looks, { path: at('link') }])).to.equal(2)
    expect(await count([{ path: at('link') }, { path: at('plain') }])).to.equal(1)
  })

  it('does not take a path that becomes a link meanwhile for what it was, nor what is behind it for another', async () => {
    writeFileSync(at('turns'), 'text of what turns')
    const asked: Look[] = [
      { path: at('link'), link: 'only' },
      { path: at('turns'), content: 'text' },
      { path: at('turns'), content: { declared: undefined } },
      { path: at('plain'), content: 'text' },
      { path: at('two words'), content: { declared: undefined } },
      { path: at('folder/inside'), content: 'text' },
      { path: at('empty'), content: { declared: undefined } },
    ]
    const answers = await withTool('stat', `ln -sfn nowhere '${at('turns')}'`, async (host) =>
      Promise.allSettled(asked.map(async (one) => (await look(host, [one]))[0])),
    )
    rmSync(at('turns'))
    const told = answers.map((one) =>
      one.status === 'rejected' ? (one.reason as Error).message : (one.value?.content ?? one.value?.entry?.digest),
    )
    const changed = `${at('turns')} changed while it was looked at`
    const [link, ...others] = told
    expect(link).to.equal(undefined)
    expect(others.map((one) => (Buffer.isBuffer(one) ? one.toString('latin1') : one))).to.deep.equal([
      changed,
      changed,
      readFileSync(at('plain'), 'latin1'),
      sum(readFileSync(at('two words'))),
      'inside\n',
      sum(''),
    ])
  })

  for (const shell of SHELLS)
    it(`sees that nothing is below a link to a folder by ${shell.join(' ')}`, async () => {
      symlinkSync(at('folder'), at('linked folder'))
      const looks: Look[] = [
        { path: at('linked folder/none') },
        { path: at('linked folder/none'), link: 'only' },
        { path: at('linked folder/none/below'), link: true },
        { path: at('plain'), content: 'text' },
      ]
      const seen = await look(reader(shell, false), looks)
      rmSync(at('linked folder'))
      const { dev } = statSync(at('folder'))
      expect(seen.map((one) => [one.entry?.kind, one.device])).to.deep.equal([
        [undefined, dev],
        [undefined, dev],
        [undefined, dev],
        ['file', dev],
      ])
    })

  for (const shell of SHELLS)
    for (const wantsDiff of [false, true])
      for (const broken of [false, true])
        it(`tells the digests of ${broken ? 'names that look like some' : 'names'} by ${shell.join(' ')}${wantsDiff ? ', with contents that differ' : ''}`, async () => {
          const forged = [`a\n${'0'.repeat(64)}  x`, `b\n\\${'1'.repeat(64)}  x\n${'2'.repeat(64)}`]
          mkdirSync(at('digests'))
          const inside = (name: string): string => at(`digests/${name}`)
          for (const name of [...NAMES, ...forged]) writeFileSync(inside(name), `content of ${name}`)
          const names = [...forged, ...NAMES, ...forged.map((name) => `./${name}`)].filter(
            (name) => broken || !name.includes('\n'),
          )
          const looks = names.map((name, i): Look => {
            // Every third one has the content that is declared; some are named by their folder.
            const content = { declared: i % 3 === 0 ? sum(`content of ${name.replace('./', '')}`) : sum('other') }
            return i % 2 === 0 ? { path: inside(name), content } : { path: at('digests'), into: name, content }
          })
          const seen = await look(reader(shell, wantsDiff), looks)
          rmSync(at('digests'), { recursive: true })
          expect(seen.map(({ entry, content }) => [entry?.digest, content?.toString()])).to.deep.equal(
            names.map((name, i) => {
              const content = `content of ${name.replace('./', '')}`
              return [sum(content), wantsDiff && i % 3 !== 0 ? content : undefined]
            }),
          )
        })

  for (const wantsDiff of [false, true])
    it(`has one process for all digests${wantsDiff ? ', with contents that differ' : ''}`, async () => {
      const calls = at('calls')
      rmSync(calls, { force: true })
      const names = NAMES.filter((name) => !name.includes('\n'))
      const asked = names.map((name): Look => ({ path: at(name), content: { declared: undefined } }))
      await withTool('sha256sum', `echo >>'${calls}'`, (host) => look(host, asked), { wantsDiff })
      expect(readFileSync(calls, 'utf8')).to.equal('\n')
    })

  it('takes many paths in parts', async () => {
    const looks = Array.from({ length: 250 }, (_, i) => ({ path: at(i % 3 === 0 ? 'plain' : `none${i}`) }))
    const seen = await look(reader(SHELLS[0]!, false), looks)
    expect(seen.map((one) => one.entry !== undefined)).to.deep.equal(looks.map((_, i) => i % 3 === 0))
  })

  it('asks once what several tasks ask at once', async () => {
    const host = reader(SHELLS[0]!, false)
    scripts.length = 0
    const looks: Look[] = [
      { path: at('plain'), content: 'text' },
      { path: at('folder') },
      { path: at('plain'), content: 'text' },
    ]
    const [one, , other] = await Promise.all(looks.map(async (wanted) => (await look(host, [wanted]))[0]))
    expect(one!.content).to.equal(other!.content)
    expect(scripts).to.have.lengthOf(1)
    expect(scripts[0]!.split(at('plain'))).to.have.lengthOf(2)
  })
})

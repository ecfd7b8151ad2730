import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Reader } from '../../../../core/module/types.ts'
import { DIFF_LIMIT, type Look, look } from '../../../../modules/files/looks.ts'

const SHELLS = [['/bin/dash'], ['/bin/bash'], ['/bin/mksh'], ['/bin/busybox', 'sh']].filter(([path]) =>
  existsSync(path!),
)
const NAMES = ['plain', 'two words', "it's", 'back\\slash', '-rf', '$HOME', '*', 'new\nline', 'ünï']

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

  const reader = ([program, ...words]: readonly string[], wantsDiff: boolean): Reader =>
    ({
      wantsDiff,
      read: async (script: { text: string }) => {
        const { status, stdout, stderr } = spawnSync(program!, [...words, '-c', script.text], { maxBuffer: 1 << 26 })
        return { status, stdout, stderr, merged: false, durationMs: 0 }
      },
    }) as unknown as Reader

  for (const shell of SHELLS)
    for (const wantsDiff of [false, true])
      it(`sees what is there by ${shell.join(' ')}${wantsDiff ? ', with contents that differ' : ''}`, async () => {
        const files = [...NAMES, 'large', 'empty', 'folder/inside', 'link']
        const looks: Look[] = [
          { path: at('none/below') },
          // Every second one has the content that is declared.
          ...files.map((name, i) => ({
            path: at(name),
            sha256: i % 2 === 0 ? sum(readFileSync(at(name))) : sum('other'),
          })),
          { path: at('folder') },
          { path: at('folder'), into: 'inside', sha256: sum('inside\n') },
          { path: at('plain'), into: 'inside', sha256: sum('other') },
          { path: at('broken') },
          { path: '/dev/null' },
        ]
        const seen = await look(reader(shell, wantsDiff), looks)
        const told = seen.map(({ path, entry, content, device }) => ({
          path,
          kind: entry?.kind ?? 'none',
          size: entry?.size,
          mode: entry?.mode,
          digest: entry?.digest,
          content: content?.toString('latin1'),
          device,
        }))
        const expected = looks.map(({ path: given, into, sha256 }) => {
          const inFolder = into !== undefined && statSync(given).isDirectory()
          const path = inFolder ? join(given, into) : given
          if (!existsSync(path)) {
            const { dev } = statSync(folder)
            return {
              path,
              kind: 'none',
              size: undefined,
              mode: undefined,
              digest: undefined,
              content: undefined,
              device: dev,
            }
          }
          const stat = statSync(path)
          const bytes = stat.isFile() ? readFileSync(path) : undefined
          const shown = wantsDiff && bytes && sum(bytes) !== sha256 && bytes.length <= DIFF_LIMIT
          return {
            path,
            kind: stat.isDirectory() ? 'directory' : stat.isFile() ? 'file' : 'char',
            size: stat.size,
            mode: stat.mode & 0o7777,
            digest: bytes && sum(bytes),
            content: shown ? bytes.toString('latin1') : undefined,
            device: stat.dev,
          }
        })
        expect(told).to.deep.equal(expected)
        // One path at a time goes another way.
        for (const [i, one] of looks.entries())
          expect((await look(reader(shell, wantsDiff), [one]))[0], one.path).to.deep.equal(seen[i])
      })

  it('takes many paths in parts', async () => {
    const looks = Array.from({ length: 250 }, (_, i) => ({ path: at(i % 3 === 0 ? 'plain' : `none${i}`) }))
    const seen = await look(reader(SHELLS[0]!, false), looks)
    expect(seen.map((one) => one.entry !== undefined)).to.deep.equal(looks.map((_, i) => i % 3 === 0))
  })
})

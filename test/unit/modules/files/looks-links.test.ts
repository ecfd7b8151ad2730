import {
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
import fc from 'fast-check'
import type { Reader } from '../../../../core/module/types.ts'
import { type Look, look, type Seen } from '../../../../modules/files/looks.ts'
import { targetOf } from '../../../../modules/files/looks-links.ts'
import { reader, SHELLS, withTool } from './looks-host.ts'

const RUNS = Number(process.env.VIRTFLEET_LINKS_RUNS ?? 15)

/** Lines of an entry that is not there: root's, of mode 7777. */
const FORGED = '8fff\n0\n0\nroot\nroot\n1\n1\n1\n1\n1\n1\n1'

const TARGETS: Record<string, string | Buffer> = {
  plain: 'plain',
  absolute: '/etc/passwd',
  dangling: 'no/where',
  'two words': 'two  words ',
  quotes: `it's "quoted" \`so\``,
  backslashes: '\\n\\134\\\\',
  'control characters': '\x01\x07\b\t\v\f\r\x1b\x7f',
  'line breaks at the end': 'a\n\n',
  'one line break': '\n',
  'an arrow': ' -> "x" -> ',
  unicode: 'ünï 漢 \u{1f600}',
  'not unicode': Buffer.from([0x61, 0xff, 0xc3, 0x28, 0x80, 0x0a, 0xed, 0xa0, 0x80]),
  'an entry': `x\n${FORGED}\nx`,
  'an entry behind a quote': `x'\n${FORGED}\n'x`,
  'an entry behind two quotes': `x"\n${FORGED}\n"x`,
  'the known link': `x"\n/proc/self -> 1\n${FORGED}\n"/proc/self" -> "1`,
}
const NAMES = ['name', 'a -> b', '"quoted" -> "', "it's", 'new\nline', '\\n\\', 'ünï', "' -> '", '$HOME']

describe('looks at links', () => {
  let folder: string
  let number = 0
  const at = (name: string): string => join(folder, name)

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'virtfleet-links-'))
    writeFileSync(at('plain'), 'plain')
    mkdirSync(at('folder'))
    mkdirSync(at('names'))
    for (const [name, target] of Object.entries(TARGETS)) symlinkSync(target, at(`to ${name}`))
    for (const name of NAMES) symlinkSync('../plain', at(`names/${name}`))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const ALL = () => [
    ...Object.keys(TARGETS).map((name) => at(`to ${name}`)),
    ...NAMES.map((name) => at(`names/${name}`)),
  ]

  /** Paths that are no links lie between, in front and behind; `followed`: there is one that stat(1) has to follow. */
  const looksAt = (paths: readonly string[], followed: boolean): Look[] => [
    { path: at('plain'), link: true },
    ...(followed ? [{ path: at('names/name') }] : []),
    ...paths.flatMap((path): Look[] => [
      { path, link: 'only' },
      { path: at('folder'), link: true },
    ]),
    { path: at('none/below'), link: 'only' },
  ]

  const told = ({ path, entry, link }: Seen) => [
    path,
    entry && [entry.kind, entry.inode, entry.mode],
    link && [link.kind, link.inode, link.mode, link.target],
  ]

  const expected = ({ path, link }: Look) => {
    const itself = lstatSync(path, { throwIfNoEntry: false })
    const isLink = link && itself?.isSymbolicLink()
    const there = isLink ? undefined : statSync(path, { throwIfNoEntry: false })
    return [
      path,
      there && [there.isDirectory() ? 'directory' : 'file', there.ino, there.mode & 0o7777],
      isLink ? ['link', itself!.ino, itself!.mode & 0o7777, readlinkSync(path, 'buffer').toString()] : undefined,
    ]
  }

  async function compare(host: Reader, looks: readonly Look[]): Promise<void> {
    expect((await look(host, looks)).map(told)).to.deep.equal(looks.map(expected))
  }

  for (const shell of SHELLS)
    for (const followed of [false, true]) {
      const way = `${shell.join(' ')}${followed ? ', beside one that is followed' : ''}`
      it(`sees where they lead by ${way}`, () => compare(reader(shell, false), looksAt(ALL(), followed)))

      it(`sees where any of them lead by ${way}`, () => {
        const name = fc
          .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
          .map((text) => text.replace(/[/\0]/g, '\n'))
          .filter((text) => text !== '.' && text !== '..')
        const special = fc.constantFrom(...'\n\r\t\\"\'` 017nxb->\x01\x7fü'.split('')).map((text) => Buffer.from(text))
        const byte = fc.integer({ min: 1, max: 255 }).map((code) => Buffer.from([code]))
        const target = fc
          .array(fc.oneof(special, byte), { minLength: 1, maxLength: 40 })
          .map((bytes) => Buffer.concat(bytes))
        const links = fc.uniqueArray(fc.tuple(name, target), { minLength: 1, maxLength: 12, selector: ([one]) => one })
        return fc.assert(
          fc.asyncProperty(links, async (made) => {
            const inside = at(`random ${number++}`)
            mkdirSync(inside)
            for (const [one, to] of made) symlinkSync(to, join(inside, one))
            const paths = made.map(([one]) => join(inside, one))
            await compare(reader(shell, false), looksAt(paths, followed))
          }),
          { numRuns: RUNS },
        )
      })
    }

  it('sees where those of /proc lead', async () => {
    const [seen] = await look(reader(SHELLS[0]!, false), [{ path: '/proc/self/cwd', link: 'only' }])
    expect(seen!.link!.target).to.equal(process.cwd())
  })

  /** A stat(1) that puts these around names and targets, and escapes nothing in them. */
  const unescaped = (ofName: string, ofTarget: string): string => `case $2 in %N*)
  f=\${2#???}
  shift 3
  for p do
    printf '%s' '${ofName}' "$p" '${ofName}'
    [ ! -h "$p" ] || { printf '%s' ' -> ' '${ofTarget}'; readlink -n -- "$p"; printf '%s' '${ofTarget}'; }
    echo
    stat -c "$f" -- "$p" || exit 1
  done
  exit ;;
esac`

  for (const [who, stat] of [
    ['uutils', unescaped('"', '"')],
    ['busybox', unescaped(`'\\''`, `'\\''`)],
    ['toybox', unescaped('', `'\\''`)],
    ['one that knows no names', 'case $2 in %N*) exit 1 ;; esac'],
  ] as const)
    for (const followed of [false, true])
      it(`does not believe names by ${who}${followed ? ', beside one that is followed' : ''}`, () =>
        withTool('stat', stat, (host) => compare(host, looksAt(ALL(), followed))))

  it('has no process for a target where stat(1) tells it, nor a second stat(1)', async () => {
    const calls = at('calls')
    const count = async (tool: string, asked: readonly Look[]): Promise<number> => {
      writeFileSync(calls, '')
      await withTool(tool, `echo >>'${calls}'`, (host) => look(host, asked))
      return readFileSync(calls, 'utf8').length
    }
    for (const [followed, stats] of [
      [false, 1],
      [true, 2],
    ] as const) {
      expect(await count('readlink', looksAt(ALL(), followed))).to.equal(0)
      expect(await count('stat', looksAt(ALL(), followed))).to.equal(stats)
    }
  })

  it('does not take for a link what is none any more, nor what is behind it for another', async () => {
    const [turns, other] = [at('turns'), at('to dangling')]
    const asked: Look[] = [
      { path: turns, link: 'only' },
      { path: other, link: 'only' },
      { path: at('plain'), link: true },
    ]
    symlinkSync('plain', turns)
    const answers = await withTool('stat', `rm -f '${turns}'; echo >'${turns}'`, (host) =>
      Promise.allSettled(asked.map(async (one) => told((await look(host, [one]))[0]!))),
    )
    expect(answers.map((one) => (one.status === 'rejected' ? (one.reason as Error).message : one.value))).to.deep.equal(
      [`${turns} changed while it was looked at`, ...asked.slice(1).map(expected)],
    )
  })

  for (const [name, path, target] of [
    ['/a -> b', '/a', 'b'],
    ['/a', '/a', ''],
    ['/a -> b -> c -> d', '/a -> b', 'c -> d'],
    ['/a -> \\\\n\\n\\a\\b\\f\\r\\t\\v', '/a', '\\n\n\x07\b\f\r\t\v'],
    ['/\\303\\274 -> \\303\\274\\3771', '/ü', 'ü\ufffd1'],
    ['/ü -> ü', '/ü', 'ü'],
    ['/a\\ b -> c\\"d', '/a b', 'c"d'],
  ] as const)
    it(`reads ${name}`, () => expect(targetOf(name, path)).to.equal(target))

  it('does not take the target of another', () => {
    for (const name of ['/a', '/ab -> c', '', "'/b' -> 'c'"])
      expect(() => targetOf(name, '/b')).to.throw('cannot understand stat of /b')
  })
})

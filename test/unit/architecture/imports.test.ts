import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { computedImports, cycles, ROOT, readImports } from './imports.ts'

/** What a folder may import, beside itself. docs/architecture.md has the same list, and why. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  events: [],
  secrets: ['events'],
  language: ['events', 'secrets'],
  inventory: ['events', 'secrets', 'language', 'connection'],
  connection: ['events', 'secrets'],
  libvirt: ['events', 'connection'],
  module: ['events', 'connection', 'libvirt'],
  modules: ['events', 'connection', 'libvirt', 'module', 'language'],
  playbook: ['events', 'secrets', 'language', 'inventory', 'module'],
  engine: ['events', 'secrets', 'language', 'inventory', 'connection', 'libvirt', 'module', 'playbook'],
  fleet: ['events', 'secrets', 'language', 'inventory', 'connection', 'libvirt'],
  report: ['events'],
  lab: [],
  cli: [
    'events',
    'secrets',
    'language',
    'inventory',
    'connection',
    'libvirt',
    'module',
    'modules',
    'playbook',
    'engine',
    'fleet',
    'report',
    'lab',
  ],
}

/** What of the rest of the repository the program reads. */
const OUTSIDE = ['core/cli/version.ts:1 imports package.json']

/** `core/events/types.ts` → events, `modules/files/copy.ts` → modules; undefined for a package. */
function folderOf(path: string): string | undefined {
  const [top, below] = path.split('/')
  if (top === 'core') return below
  return top === 'modules' || top === 'lab' ? top : undefined
}

const imports = readImports()

describe('imports', () => {
  it('go only downwards', () => {
    const wrong = imports
      .filter(({ from, to }) => {
        const [mine, other] = [folderOf(from), folderOf(to)]
        return mine !== undefined && other !== undefined && mine !== other && !ALLOWED[mine]?.includes(other)
      })
      .map(({ from, to, line }) => `${from}:${line} imports ${to}`)
    expect(wrong).to.deep.equal([])
  })

  it('lead to nothing beside the program', () => {
    const outside = imports.filter(({ to }) => existsSync(join(ROOT, to)) && folderOf(to) === undefined)
    expect(outside.map(({ from, to, line }) => `${from}:${line} imports ${to}`)).to.deep.equal(OUTSIDE)
  })

  it('are known before the program runs', () => {
    expect(computedImports()).to.deep.equal([])
  })

  it('make no cycle of folders', () => {
    const edges = imports.flatMap(({ from, to }) => {
      const [mine, other] = [folderOf(from), folderOf(to)]
      return mine !== undefined && other !== undefined && mine !== other ? [[mine, other] as const] : []
    })
    expect(cycles(edges)).to.deep.equal([])
  })

  it('make no cycle of files when the program is loaded', () => {
    const edges = imports
      .filter((one) => !one.typeOnly && !one.dynamic && one.to.endsWith('.ts'))
      .map(({ from, to }) => [from, to] as const)
    expect(cycles(edges)).to.deep.equal([])
  })

  it('name only packages that package.json has', async () => {
    const { default: manifest } = (await import('../../../package.json', { with: { type: 'json' } })) as {
      default: { dependencies: Record<string, string> }
    }
    const known = new Set(Object.keys(manifest.dependencies))
    const strange = imports.filter(({ to }) => {
      if (to.startsWith('node:') || /\.(ts|js|json)$/.test(to)) return false
      return !known.has(to.startsWith('@') ? to.split('/').slice(0, 2).join('/') : to.split('/')[0]!)
    })
    expect(strange.map(({ from, to, line }) => `${from}:${line} imports ${to}`)).to.deep.equal([])
  })

  it('would find a cycle', () => {
    const [found] = cycles([
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
      ['c', 'd'],
    ])
    expect(found?.sort()).to.deep.equal(['a', 'b', 'c'])
  })
})

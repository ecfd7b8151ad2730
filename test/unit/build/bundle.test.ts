import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Script } from 'node:vm'
import { expect } from 'chai'
import type { Metafile } from 'esbuild'
import { bundleProgram } from '../../../build/bundle.ts'
import { licensesOf } from '../../../build/licenses.ts'
import type { main } from '../../../core/cli/main.ts'

const LOADER = fileURLToPath(new URL('../../../bin/load.js', import.meta.url))
const WARM_UP = new URL('../../../build/warm-up.ts', import.meta.url).href
const { load } = createRequire(import.meta.url)(LOADER) as {
  load(file: string): { exports: { main: typeof main }; script: Script }
}

/** What runs when a file is imported: it and its static imports, as far as anything of them is in the bundle. */
function closureOf(
  { inputs, outputs }: Metafile,
  entry: string,
): { files: string[]; packages: string[]; bytes: number } {
  const kept = Object.values(outputs).find((one) => one.entryPoint !== undefined)!.inputs
  const seen = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file) || !kept[file]?.bytesInOutput) return
    seen.add(file)
    for (const one of inputs[file]?.imports ?? []) if (one.kind !== 'dynamic-import' && !one.external) visit(one.path)
  }
  visit(entry)
  const files = [...seen]
  const packages = new Set(files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []))
  return {
    files,
    packages: [...packages].sort(),
    bytes: files.reduce((sum, file) => sum + kept[file]!.bytesInOutput, 0),
  }
}

describe('the built program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-bundle-'))
  const program = join(folder, 'virtfleet.cjs')
  let metafile: Metafile

  before(async function () {
    this.timeout(60_000)
    const built = await bundleProgram()
    metafile = built.metafile
    for (const { path, contents } of built.outputFiles) writeFileSync(join(folder, basename(path)), contents)
  })
  after(() => rmSync(folder, { recursive: true }))

  it('reads only the command line before it knows the verb', () => {
    const { files, packages, bytes } = closureOf(metafile, 'core/cli/main.ts')
    expect(packages).to.deep.equal(['commander'])
    expect(files.length).to.be.within(5, 20)
    expect(bytes).to.be.within(50_000, 150_000)
  })

  it('reads for a run neither ssh, nor the log, nor any module', () => {
    const { files, packages, bytes } = closureOf(metafile, 'core/cli/run-playbooks.ts')
    expect(packages).to.include('yaml')
    expect(packages.filter((one) => ['ssh2', 'winston', '@xmldom/xmldom', 'commander'].includes(one))).to.deep.equal([])
    expect(files.filter((one) => one.startsWith('modules/'))).to.deep.equal(['modules/index.ts'])
    expect(bytes).to.be.within(500_000, 1_800_000)
  })

  it('has what is read later', () => {
    expect(closureOf(metafile, 'core/connection/ssh/login.ts').packages).to.include('ssh2')
    expect(closureOf(metafile, 'modules/libvirt/libvirt_domain.ts').packages).to.include('@xmldom/xmldom')
  })

  it('leaves most languages of zod and the events’ schema at home', () => {
    const kept = Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
    )
    expect(kept.filter((file) => file.includes('zod/v4/locales')).length).to.be.below(3)
    expect(kept).to.not.include('core/events/schema.ts')
  })

  it('runs with a cache of its own, with one that does not fit, and without', () => {
    const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string }
    // A process of its own each time: V8 remembers what it has compiled.
    const run = (): string => {
      const script = `const { exports: program, script } = require(${JSON.stringify(LOADER)}).load(${JSON.stringify(program)})
        program.main(['--version']).then((code) => process.stdout.write(code + ' ' + script.cachedDataRejected))`
      return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })
    }
    expect(run()).to.equal(`${version}\n0 undefined`)
    // As `npm run build` makes it: V8 takes none that was made under other flags, and says nothing.
    const make = `import { writeFileSync } from 'node:fs'
      const { warmUp } = await import(${JSON.stringify(WARM_UP)})
      writeFileSync(${JSON.stringify(`${program}.cache`)}, await warmUp(${JSON.stringify(program)}))`
    execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', make])
    expect(run()).to.equal(`${version}\n0 false`)
    writeFileSync(`${program}.cache`, 'of another version')
    expect(run()).to.equal(`${version}\n0 true`)
  })

  it('tells places in the sources when it fails', async () => {
    const err = new PassThrough()
    const out = { on: () => undefined }
    const streams = { out, err, in: process.stdin } as unknown as Parameters<typeof main>[1]
    expect(await load(program).exports.main(['--version'], streams)).to.equal(1)
    const said = String(err.read())
    expect(said).to.match(/write is not a function/)
    expect(said).to.match(/core\/cli\/main\.ts:\d+:\d+/)
    expect(said).to.match(/commander\/lib\/command\.js:\d+:\d+/)
    expect(said).to.not.include('virtfleet.cjs')
  })

  it('carries the licences of what is in it', () => {
    const text = licensesOf(metafile)
    for (const name of ['ssh2 1.', 'zod 4.', '@xmldom/xmldom 0.']) expect(text).to.contain(name)
  })
})

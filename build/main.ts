import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleDemo, bundleProgram } from './bundle.ts'
import { licensesOf } from './licenses.ts'
import { warmUp } from './warm-up.ts'

/* npm run build: dist/ anew, once everything could be built. */

const DIST = fileURLToPath(new URL('../dist', import.meta.url))

const [program, demo] = await Promise.all([bundleProgram(), bundleDemo()])
rmSync(DIST, { recursive: true, force: true })
for (const { path, contents } of [...program.outputFiles, ...demo.outputFiles]) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, contents)
}
writeFileSync(join(DIST, 'licenses.txt'), licensesOf(program.metafile))
const file = join(DIST, 'virtfleet.cjs')
writeFileSync(`${file}.cache`, await warmUp(file))

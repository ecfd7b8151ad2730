import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleDemo, bundleProgram } from './bundle.ts'
import { warmUp } from './warm-up.ts'

/* npm run build: dist/ anew, once everything could be built. */

const DIST = fileURLToPath(new URL('../dist', import.meta.url))

const built = await Promise.all([bundleProgram(), bundleDemo()])
rmSync(DIST, { recursive: true, force: true })
for (const { path, contents } of built.flatMap((one) => one.outputFiles)) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, contents)
}
const program = join(DIST, 'virtfleet.cjs')
writeFileSync(`${program}.cache`, await warmUp(program))
if (process.env.META) writeFileSync(process.env.META, JSON.stringify(built[0].metafile))

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildResult, build } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const OUT = 'dist'

/** The program as it is shipped, in memory. */
export function bundle() {
  return build({
  absWorkingDir: ROOT,
  entryPoints: ['core/cli/main.ts', 'lab/demo.ts'],
  outdir: OUT,
  outbase: '.',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  write: false,
  logLevel: 'warning',
  define: { __dirname: 'import.meta.dirname' },
  external: ['cpu-features', '*.node'],
  banner: { js: "import{createRequire as createRequire_}from'node:module';const require=createRequire_(import.meta.url);" },
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const {outputFiles, metafile} = await bundle()
  rmSync(join(ROOT, OUT), { recursive: true, force: true })
  for (const {path, contents} of outputFiles) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
  if (process.env.META) (await import('node:fs')).writeFileSync(process.env.META, JSON.stringify(metafile))
}

import { fileURLToPath } from 'node:url'
import { type BuildOptions, type BuildResult, build, type Metafile, type Plugin } from 'esbuild'

/** ssh2's agents for HTTP are not used, and what they import takes longer to load than all of ssh2's protocol. */
const withoutHttpAgents: Plugin = {
  name: 'without http agents',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]ssh2[\\/]lib[\\/]http-agents\.js$/ }, () => ({ contents: '', loader: 'js' }))
  },
}

const common = {
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  metafile: true,
  write: false,
  plugins: [withoutHttpAgents],
  logLevel: 'warning',
} as const satisfies BuildOptions

type Built = BuildResult<typeof common & BuildOptions> & { metafile: Metafile }

/**
 * The program in one file, in the shape that bin/load.js wants. What is imported by `import()` is in it too, and runs when it is
 * first asked for. Names and lines stay, for stacks (core/cli/stack.ts reads the map).
 */
export async function bundleProgram(): Promise<Built> {
  const built = await build({
    ...common,
    entryPoints: ['core/cli/main.ts'],
    outfile: 'dist/virtfleet.cjs',
    format: 'cjs',
    charset: 'ascii',
    sourcemap: true,
    sourcesContent: false,
    banner: { js: '(function (exports, require, module, __filename, __dirname, moduleUrl) {' },
    footer: { js: '})' },
    define: { 'import.meta.url': 'moduleUrl' },
    // Native parts of ssh2, which it does without.
    external: ['cpu-features', '*.node'],
  })
  const stray = built.outputFiles
    .find(({ path }) => path.endsWith('.cjs'))
    ?.text.split('\n')
    .find(isStray)
  if (stray !== undefined) throw new Error(`bin/load.js reads ASCII; write this with escapes: ${stray.trim()}`)
  return built
}

/** esbuild escapes what is not ASCII, but not in regular expressions; in comments it does no harm. */
const isStray = (line: string): boolean => /[^\0-\x7f]/.test(line) && !/^\s*(?:\/\/|\/?\*)/.test(line)

/** `npm run demo`, which starts the program as a user would. */
export function bundleDemo(): Promise<Built> {
  return build({ ...common, entryPoints: ['lab/demo.ts'], outfile: 'dist/lab/demo.js', format: 'esm' })
}

#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = new URL('../dist/core/cli/main.js', import.meta.url)

if (existsSync(fileURLToPath(main))) {
  const { main: run } = await import(main.href)
  process.exitCode = await run(process.argv.slice(2))
} else {
  process.stderr.write('virtfleet is not built yet: run `npm run build` in its folder\n')
  process.exitCode = 1
}

#!/usr/bin/env node
const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { setFlags } = require('./flags.js')
const { load } = require('./load.js')

const program = join(__dirname, '../dist/virtfleet.cjs')

if (existsSync(program)) {
  const { main } = load(program).exports
  setFlags()
  main(process.argv.slice(2)).then((code) => {
    process.exitCode = code
  })
} else {
  process.stderr.write('virtfleet is not built yet: run `npm run build` in its folder\n')
  process.exitCode = 1
}

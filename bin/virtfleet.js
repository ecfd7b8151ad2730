#!/usr/bin/env node
const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { setFlagsFromString } = require('node:v8')
const { load } = require('./load.js')

const program = join(__dirname, '../dist/virtfleet.cjs')

/**
 * V8 optimises what has run about so many bytes of its code. By its default (132 KiB) a run over many hosts, which takes seconds, spends a
 * quarter of its CPU time on that and is over before it pays.
 */
const OPTIMISE_LATER = '--interrupt-budget=1000000'

if (existsSync(program)) {
  const { main } = load(program).exports
  // Behind the loading: what was compiled with other flags is not taken.
  setFlagsFromString(OPTIMISE_LATER)
  main(process.argv.slice(2)).then((code) => {
    process.exitCode = code
  })
} else {
  process.stderr.write('virtfleet is not built yet: run `npm run build` in its folder\n')
  process.exitCode = 1
}

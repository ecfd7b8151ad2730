const { readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { dirname } = require('node:path')
const { pathToFileURL } = require('node:url')
const { Script } = require('node:vm')

/**
 * Loads the built program: a file of ASCII that is one function with the parameters of a CommonJS module. Beside it may lie what
 * V8 compiled of it when it was built (`FILE.cache`), which halves the time to start; another version of Node does without.
 * Answers with what the program exports, and with the script, of which a cache can be made.
 */
exports.load = (file) => {
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: cacheOf(file) })
  const program = { exports: {} }
  script.runInThisContext()(
    program.exports,
    createRequire(file),
    program,
    file,
    dirname(file),
    pathToFileURL(file).href,
  )
  return { exports: program.exports, script }
}

function cacheOf(file) {
  try {
    return readFileSync(`${file}.cache`)
  } catch {
    return undefined
  }
}

/* Mocha's spec or dot reporter, which also leaves the counts, the failures and each file's seconds in a file for the runner of all suites. */
const { writeFileSync } = require('node:fs')
const { reporters } = require('mocha')

const Base = process.env.VIRTFLEET_TEST_VERBOSE ? reporters.Spec : reporters.Dot

/** fast-check says only in the cause what was wrong with the counterexample. */
function reasonOf(error) {
  const own = error.stack ?? String(error)
  return error.cause ? `${own}\nfor: ${reasonOf(error.cause)}` : own
}

module.exports = class CountingReporter extends Base {
  constructor(runner, options) {
    super(runner, options)
    const { file } = options.reporterOptions ?? {}
    const failed = []
    runner.on('fail', (test, error) => {
      failed.push({ file: test.file, title: test.fullTitle(), reason: reasonOf(error) })
    })
    const seconds = {}
    let last = Date.now()
    // What goes before a file's first test, its hooks, counts as its own.
    const spent = (test) => {
      seconds[test.file] = (seconds[test.file] ?? 0) + (Date.now() - last) / 1000
      last = Date.now()
    }
    for (const event of ['test end', 'suite end']) runner.on(event, (one) => one.file && spent(one))
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats
      if (file) writeFileSync(file, JSON.stringify({ passes, failures, pending, failed, seconds }))
    })
  }
}

/* Mocha's spec or dot reporter, which also leaves the counts and the failures in a file for the runner of all suites. */
const { writeFileSync } = require('node:fs')
const { reporters } = require('mocha')

const Base = process.env.VIRTFLEET_TEST_VERBOSE ? reporters.Spec : reporters.Dot

module.exports = class CountingReporter extends Base {
  constructor(runner, options) {
    super(runner, options)
    const { file } = options.reporterOptions ?? {}
    const failed = []
    runner.on('fail', (test, error) => {
      failed.push({ file: test.file, title: test.fullTitle(), reason: error.stack ?? String(error) })
    })
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats
      if (file) writeFileSync(file, JSON.stringify({ passes, failures, pending, failed }))
    })
  }
}

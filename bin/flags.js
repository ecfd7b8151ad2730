const { setFlagsFromString } = require('node:v8')

/**
 * V8 optimises what has run about so many bytes of its code. By its default (66 KiB) a run over many hosts, which takes seconds, spends a
 * quarter of its CPU time on that and is over before it pays.
 */
const BYTES_BEFORE_OPTIMISING = 1_000_000

/**
 * V8's flags for a run. They are set when the program is loaded, not on node's command line, and not by the program itself, which the build
 * runs too: V8 refuses a code cache that was made, or is loaded, under other flags.
 */
exports.setFlags = () => {
  setFlagsFromString(`--interrupt-budget=${BYTES_BEFORE_OPTIMISING}`)
}

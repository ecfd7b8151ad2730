const { setFlagsFromString } = require('node:v8')

/**
 * V8 optimises what has run about so many bytes of its code. By its default a run over many hosts, which takes seconds, spends a
 * quarter of its CPU time on that and is over before it pays; a longer one gets twice the default (66 KiB), with which it was measured.
 */
const BYTES_BEFORE_OPTIMISING = 1_000_000
const BYTES_IN_THE_LONG_RUN = 132 * 1024

/** Most functions of a run are called some dozen times: what they learn of their arguments pays from the first call. */
const LEARN_AT_ONCE = '--no-lazy-feedback-allocation'

/**
 * A start fills the heap with what stays. The youngest part of it grows at once to where it would come to by and by (16 MiB), instead of being
 * copied a dozen times; and what is old is not looked through at all in the first seconds.
 */
const GROWTH_OF_THE_YOUNGEST = 16
const NEVER = 100_000

/** Most runs end in so many. */
const SHORT_SECONDS = 5

/**
 * V8's flags for a run. They are set when the program is loaded, not on node's command line, and not by the program itself, which the build
 * runs too: V8 refuses a code cache that was made, or is loaded, under other flags.
 */
exports.setFlags = () => {
  setFlagsFromString(`--interrupt-budget=${BYTES_BEFORE_OPTIMISING}`)
  setFlagsFromString(LEARN_AT_ONCE)
  setFlagsFromString(`--semi-space-growth-factor=${GROWTH_OF_THE_YOUNGEST}`)
  setMarking(NEVER)
  setTimeout(() => {
    setMarking(0)
    setFlagsFromString(`--interrupt-budget=${BYTES_IN_THE_LONG_RUN}`)
  }, SHORT_SECONDS * 1000).unref()
}

/** At so many percent of what V8 lets the heap grow by; 0: as it does by itself. */
function setMarking(percent) {
  setFlagsFromString(`--incremental-marking-soft-trigger=${percent}`)
  setFlagsFromString(`--incremental-marking-hard-trigger=${percent}`)
}

import { setFlagsFromString } from 'node:v8'

/**
 * By how much of what is alive the heap may grow until it is collected anew, in percent; V8's own choice is up to four times. With a thousand
 * hosts it nearly halves the memory, for about 5 % more CPU time.
 */
const HEAP_GROWTH = 40
/** With fewer hosts there is not much to save, and collecting the small heap of a start so often costs more than it saves. */
const MANY_HOSTS = 100

/** Trades CPU time for memory in runs over many hosts. Not for the build's own runs: V8 refuses a code cache made under other flags. */
export function growSparingly(hosts: number): void {
  if (hosts <= MANY_HOSTS) return
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`)
  // Not to wait with marking, as bin/flags.js has it for a start.
  for (const when of ['soft', 'hard']) setFlagsFromString(`--incremental-marking-${when}-trigger=0`)
}

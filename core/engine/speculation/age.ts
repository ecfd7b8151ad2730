/** Answers that nobody used for so long are asked for again, in milliseconds. */
const OLDEST_MS = 2000
/** Under the linear strategy each host waits for all others: with many, an answer waits so much longer for each of them, as two cores take to connect. */
const FOR_EACH_HOST_MS = 40
const AT_MOST_MS = 60_000

/** How old an answer may be in its turn, in milliseconds, where so many hosts go through a play together. */
export const oldest = (hosts: number): number => Math.min(AT_MOST_MS, Math.max(OLDEST_MS, hosts * FOR_EACH_HOST_MS))

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 15_000
/** An sshd that has too many at once (MaxStartups) has room again once some are logged in. */
const CROWDED_DELAY_MS = 2000
/** One that punishes us (PerSourcePenalties, OpenSSH 9.8) does so for 15 s at least; what comes meanwhile makes it longer. */
const PENALTY_DELAY_MS = 16_000

/** How long to wait before the next attempt, counted from 0; with jitter, so that a fleet does not come back at once. */
export function backOff(attempt: number, error: Error): number {
  if (/Not allowed at this time/.test(error.message)) return PENALTY_DELAY_MS * (1 + Math.random() / 4)
  const first = /Exceeded MaxStartups/.test(error.message) ? CROWDED_DELAY_MS : FIRST_DELAY_MS
  const most = Math.min(LONGEST_DELAY_MS, first * 2 ** attempt)
  return most / 2 + (Math.random() * most) / 2
}

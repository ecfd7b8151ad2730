/** The middle value, or the mean of the two in the middle. Throws for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const high = sorted[sorted.length >> 1]
  const low = sorted[(sorted.length - 1) >> 1]
  if (high === undefined || low === undefined) throw new Error('there is no median of nothing')
  return (low + high) / 2
}

/**
 * How many times as long `slow` takes as `fast`. Both are one value a round, and a round's values were taken one after the
 * other: the median of the rounds' ratios does not see a load that comes and goes. Rounds that one did not take part in,
 * which are the last ones, do not count.
 */
export function ratio(slow: readonly number[], fast: readonly number[]): number {
  const both = Math.min(slow.length, fast.length)
  return median(slow.slice(0, both).map((value, round) => value / (fast[round] ?? Number.NaN)))
}

/** Three significant digits at most, so that a figure does not say more than it knows. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3))
}

/** One bar: who, and how much. */
export interface Bar {
  readonly label: string
  readonly value: number
}

const WIDTH = 50
/** Above this the longest bar would leave nothing of the shortest one to see. */
const LOGARITHMIC = 40

/**
 * Horizontal bars as text, as long as their values, the values written behind. Where the largest is more than 40 times the
 * smallest, lengths grow with the logarithm, and the chart says so.
 */
export function chart(bars: readonly Bar[], unit: string): string {
  const values = bars.map((bar) => bar.value)
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const logarithmic = least > 0 && most / least > LOGARITHMIC
  const share = (value: number): number => {
    if (most <= 0) return 0
    // One tenth of the width for the smallest one.
    return logarithmic ? 0.1 + (0.9 * Math.log(value / least)) / Math.log(most / least) : value / most
  }
  const label = Math.max(...bars.map((bar) => bar.label.length))
  const lines = bars.map((bar) => {
    const length = Math.max(bar.value > 0 ? 1 : 0, Math.round(WIDTH * share(bar.value)))
    return `${bar.label.padEnd(label)}  ${'█'.repeat(length)} ${written(bar.value)} ${unit}`
  })
  return [...lines, ...(logarithmic ? ['', '(lengths are logarithms)'] : [])].join('\n')
}

/** Plain digits, three of them where there are more behind the point. */
export function written(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}

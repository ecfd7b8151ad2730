const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** What Node's timers take; they would take more for a millisecond. */
const MOST_MS = 2 ** 31 - 1

/** Time formats of sshd_config(5), `90` or `1m30s`, in milliseconds; undefined for what is none. */
export function timeOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+(?:[smhdw]\d+)*[smhdw]?$/i.test(text)) return undefined
  let seconds = 0
  for (const [, count, unit = ''] of text.toLowerCase().matchAll(/(\d+)([smhdw]?)/g))
    seconds += Number(count) * (SECONDS[unit] ?? 1)
  return Math.min(seconds * 1000, MOST_MS)
}

/** Works until it is done or Ctrl-C (or SIGTERM, SIGHUP) ends it: then the signal is aborted, and the work is awaited. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ending = new AbortController()
  const end = (): void => ending.abort()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.once(name, end)
  try {
    return await work(ending.signal)
  } finally {
    for (const name of signals) process.removeListener(name, end)
  }
}

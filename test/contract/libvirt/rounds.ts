import type { Host } from '../../../core/module/types.ts'

/** Round trips to the host while something goes on: writes to its shell. */
export async function roundsOf<T>(host: Host, act: () => Promise<T>): Promise<{ rounds: number; value: T }> {
  const shell = await (await host.connection()).shell()
  const before = shell.writes
  const value = await act()
  return { rounds: shell.writes - before, value }
}

import { type ShellText, sh } from '../../core/connection/quote.ts'

/**
 * Script that prints several files in one process; what cannot be read is left out, and makes its status 1. For files that root
 * alone writes: a line in one could pass for the name of the next.
 */
export const severalScript = (paths: ShellText): ShellText =>
  // Of more than one file, tail tells the names too.
  sh`tail -n +1 -- ${paths} /dev/null`

/** Contents by path, from the answer to severalScript. */
export function parseSeveral(output: string): Map<string, string> {
  const [, ...parts] = output.split(/^==> (\S+) <==\n/m)
  const found = new Map<string, string>()
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const last = i + 2 >= parts.length
    // In front of each name but the first there is an empty line.
    found.set(parts[i]!, last ? parts[i + 1]! : parts[i + 1]!.replace(/\n$/, ''))
  }
  return found
}

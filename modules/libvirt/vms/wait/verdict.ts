/*
 * What cloud-init says of itself. `cloud-init status --wait --long` ends with 0 (done), 1 (error, or disabled before 23.4) or 2 (degraded: done with
 * recoverable errors, from 23.4 on); its documentation, "Report bugs / How to find failures".
 */

/** As much of a guest's words as a message takes. */
const WORDS = 600

/** Why cloud-init has not done what it was told; undefined where it has. `seeded`: it had to find a seed. */
export function complaint(output: string, exitCode: number, seeded: boolean): string | undefined {
  const status = /^(?:\.*)status: *([a-z ]+?) *$/m.exec(output)?.[1]
  const extended = /^extended_status: *(.+?) *$/m.exec(output)?.[1] ?? ''
  if (status === 'disabled') return seeded ? 'cloud-init is disabled in the guest: it has found no seed' : undefined
  if (status === 'done' && exitCode === 0 && !/degraded|error/.test(extended)) return undefined
  if (status === undefined) return `cloud-init ended with ${exitCode}: ${plain(output)}`
  const detail = output.slice(Math.max(0, output.search(/^(?:detail|errors|recoverable_errors):/m)))
  return `cloud-init ended with '${extended || status}': ${plain(detail)}`
}

/** What a console has of cloud-init's run since the guest was started; undefined while it has not ended. */
export function consoleComplaint(lines: readonly string[]): string | undefined {
  const failed = lines.filter((line) =>
    /\[(?:WARNING|ERROR|CRITICAL)\]: .*\b(?:[Ff]ail|[Ee]rror|[Tt]raceback)/.test(line),
  )
  const words = failed.map((line) => line.replace(/^.*?cloud-init\[\d+\]: (?:[\d-]+ [\d:,]+ - )?/, ''))
  return failed.length === 0 ? undefined : `cloud-init complained on the console: ${plain(words.join('; '))}`
}

/** A guest's words in one line: it may send whatever a terminal would obey. */
function plain(text: string): string {
  const line = text
    .replace(/\\n/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ')
    .trim()
  return line.length > WORDS ? `${line.slice(0, WORDS)} …` : line
}

import { type ShellText, sh } from '../../connection/quote.ts'

/*
 * One script for many virsh commands. virsh goes on after an error and exits 0, so each command stands between two marks
 * that carry a nonce. The commands are given as one argument, not on stdin, where virsh uses readline and writes a history.
 */

/** One command of a batch; xml becomes a file that is named by the last argument. */
export interface BatchCommand {
  readonly command: string
  readonly xml?: string
}

/** Below Linux' limit of 128 KiB for one argument. */
const ARGUMENT_LIMIT = 96 * 1024

/** The script's exit status where the XML could not be put into a file; virsh has no such status. */
export const NOT_ASKED = 98

/** The script, and what it wants on stdin. Exits 127 without virsh, NOT_ASKED without a file for the XML. */
export function batchScript(
  uri: string,
  commands: readonly BatchCommand[],
  nonce: string,
): { script: ShellText; stdin: string | undefined } {
  const files: string[] = []
  const words = commands.map(({ command, xml }, i) => {
    if (xml === undefined) return `echo ${mark(nonce, i)}; ${command}; `
    files.push(`${nonce} ${i}.xml\n${xml.endsWith('\n') ? xml : `${xml}\n`}`)
    return `echo ${mark(nonce, i)}; ${command} ${i}.xml; `
  })
  const calls = chunks(words).map(
    (text) => sh`virsh -q -c ${uri} ${`${text}echo ${mark(nonce, 'end')}`} 2>&1 </dev/null`,
  )
  const parts = [sh.raw('command -v virsh >/dev/null 2>&1 || exit 127'), sh.raw('LC_ALL=C TZ=UTC0; export LC_ALL TZ')]
  if (files.length > 0) parts.push(privateFolder(nonce))
  return { script: sh.join([...parts, ...calls]), stdin: files.length > 0 ? files.join('') : undefined }
}

/** XML may hold passwords: it comes by stdin, lives in memory where there is such a place, and goes with the script. */
function privateFolder(nonce: string): ShellText {
  return sh.join([
    sh.raw('umask 077; d='),
    sh.raw('for r in /run "${XDG_RUNTIME_DIR:-/dev/shm}" /dev/shm /tmp; do'),
    sh.raw('[ -d "$r" ] && [ -w "$r" ] && d=$(mktemp -d "$r/virtfleet.XXXXXX" 2>/dev/null) && break; d=; done'),
    sh.raw('[ -n "$d" ] || { echo \'error: no folder for a temporary file: /run, /dev/shm, /tmp\'; exit 98; }'),
    sh.raw('trap \'cd /; rm -rf "$d"\' EXIT; trap \'exit 143\' HUP INT TERM; cd "$d" || exit 98'),
    sh`awk -v n=${nonce} '$1 == n { if (f) close(f); f = $2; next } { print > f }' || exit 98`,
  ])
}

function chunks(words: readonly string[]): string[] {
  const result: string[] = []
  let current = ''
  for (const word of words) {
    if (current !== '' && Buffer.byteLength(current) + Buffer.byteLength(word) > ARGUMENT_LIMIT) {
      result.push(current)
      current = ''
    }
    current += word
  }
  if (current !== '') result.push(current)
  return result
}

const mark = (nonce: string, index: number | 'end'): string => `${nonce}.${index}.`

/** What each command printed, by index; undefined for those virsh did not come to. `noise` is what stood before. */
export function splitFrames(
  output: string,
  nonce: string,
  count: number,
): { frames: (string | undefined)[]; noise: string } {
  const frames: (string | undefined)[] = Array.from({ length: count }, () => undefined)
  const parts = output.split(new RegExp(`${nonce}\\.(\\d+|end)\\.`))
  for (let i = 1; i + 1 < parts.length; i += 2) {
    const index = parts[i]
    // The last part has no mark after it if virsh was cut: then its answer is not whole.
    const whole = i + 2 < parts.length
    if (index !== 'end' && whole) frames[Number(index)] = parts[i + 1] ?? ''
  }
  return { frames, noise: parts[0] ?? '' }
}

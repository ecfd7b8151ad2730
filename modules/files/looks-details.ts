import { type ShellText, sh } from '../../core/connection/quote.ts'
import type { Digest } from './entry.ts'
import type { Details, WantedLook } from './looks.ts'

/** What is wanted beside the entry, for who tells all of it. */
export interface WantedDetails {
  /** Of what a link at the path leads to, not of the link. */
  readonly follow: boolean
  readonly digest: Digest | undefined
  /** Type and charset as file(1) guesses them from a content; that one reads a database of some megabytes. */
  readonly mime: boolean
}

/**
 * Prints parts named `details N` for the Nth path, where it is there: letters of the access, where a link leads in the end, a line of the digest,
 * and what file(1) says, each behind a NUL but the first.
 */
export function detailsScript(mark: string, looks: readonly WantedLook[]): ShellText {
  return sh.join(looks.flatMap((look, i) => (look.details ? [detailsOf(mark, i + 1, look.path, look.details)] : [])))
}

function detailsOf(mark: string, n: number, path: string, { follow, digest, mime }: WantedDetails): ShellText {
  const there = follow ? sh`[ -e "$p" ]` : sh`{ [ -e "$p" ] || [ -L "$p" ]; }`
  const file = follow ? sh`[ -f "$p" ]` : sh`[ -f "$p" ] && [ ! -L "$p" ]`
  const guess = sh`m=$(file ${follow ? ['-L'] : []} -bi -- "$p" 2>/dev/null) && printf %s "$m"`
  return sh`p=${path}
if ${there}; then
  O="$O"${mark}${` details ${n}`}$L; say
  for a in r w x; do [ -$a "$p" ] && printf %s $a; done
  printf '\\000'; [ ! -L "$p" ] || readlink -f -- "$p" 2>/dev/null
  printf '\\000'; ${digest ? sh`if ${file} && [ -r "$p" ]; then ${sh.raw(`${digest}sum`)} <"$p"; fi` : sh`:`}
  printf '\\000'; ${mime ? sh`if ${file} && [ -s "$p" ]; then ${guess}; fi` : sh`:`}
fi`
}

export function parseDetails(part: Buffer): Details {
  const [access = '', source = '', digest = '', mime = ''] = part.toString().split('\0')
  return {
    access,
    source: source.replace(/\n$/, '') || undefined,
    digest: /^[0-9a-f]+/.exec(digest)?.[0],
    mime: mime.trim() || undefined,
  }
}

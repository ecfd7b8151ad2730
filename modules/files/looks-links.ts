import { type ShellText, sh } from '../../core/connection/quote.ts'
import { ModuleFailure } from '../../core/module/types.ts'
import { ENTRY_LINES, statScript } from './entry.ts'
import type { WantedLook } from './looks.ts'

/** Of these the script tells whether they are links. */
export const asksLink = ({ link }: WantedLook): boolean => link === true || link === 'only'

/*
 * The stat(1) that tells of links tells their targets too, by GNU's %N with a QUOTING_STYLE that leaves no line break in a name. Others
 * know no such style: busybox, toybox and uutils put names in quotes of some kind and may print their bytes as they are, so that whoever
 * makes a link could make entries. What they say of a link that is on every host, in front of all others, tells who they are.
 */
const KNOWN = '/proc/self'
const NAMED_LINES = 1 + ENTRY_LINES

/**
 * Prints entries of `"$@"`, then those of the links: where no path is a link, stat(1) need not be told to follow some of them, and one is
 * enough for both. What a stat(1) told with names is in a part `named`, behind the known link. Then a part `links`: a letter for each
 * that was asked (l, n), and the targets that were not told with names, each with a line feed and a NUL behind it.
 */
export function linksScript(mark: string, looks: readonly WantedLook[]): ShellText {
  const each = looks
    .filter(asksLink)
    .map(({ path }) => sh`p=${path}; if [ -h "$p" ]; then K=\${K}l; set -- "$@" "$p"; else K=\${K}n; fi`)
  // With a redirection bash would make two processes of it without exec.
  const named = sh`QUOTING_STYLE=escape exec ${statScript(sh`${KNOWN} "$@"`, { follow: false, named: true })} 2>/dev/null`
  return sh`n=$# K= s= O="$O"${mark}" entries$L"
if [ -n "$X" ]; then s=$(${statScript(sh`"$@"`, { follow: true })}) || exit 1; O=$O$s$L s=; shift $n; n=0; fi
${sh.join(each)}
case $K in *l*) s=$(${named}) || s= ;; esac
case $s in
${`${KNOWN} -> `}[0-9]*) O="$O"${mark}" named$L$s$L"; set -- ;;
*)
  if [ $# -gt 0 ]; then s=$(${statScript(sh`"$@"`, { follow: false })}) || exit 1; O=$O$s$L; fi
  shift $n ;;
esac
O="$O"${mark}" links$L$K$L"
[ $# = 0 ] || say
for p do readlink -- "$p" || exit 1; printf '\\000'; done`
}

interface Answer {
  /** Lines for takeEntry: of paths, then of links. */
  readonly entries: string[]
  /** Of those that were links when that was asked; empty where they are none any more. */
  readonly targets: ReadonlyMap<WantedLook, string>
}

/** What linksScript printed, or the entries alone. Raises ModuleFailure where it cannot be understood. */
export function parseLinks(parts: ReadonlyMap<string, Buffer>, looks: readonly WantedLook[]): Answer {
  const entries = linesOf(parts.get('entries'))
  const named = linesOf(parts.get('named'))
  const names: string[] = []
  for (let at = NAMED_LINES; at < named.length; at += NAMED_LINES) {
    names.push(named[at]!)
    entries.push(...named.slice(at + 1, at + NAMED_LINES))
  }
  const links = parts.get('links')?.toString() ?? ''
  const found = looks.filter(asksLink).filter((_, i) => links[i] === 'l')
  const raw = links.slice(links.indexOf('\n') + 1).split('\n\0')
  const ofLinks = names.slice(names.length - found.length)
  const target = (path: string, i: number) => (parts.has('named') ? targetOf(ofLinks[i] ?? '', path) : (raw[i] ?? ''))
  return { entries, targets: new Map(found.map((look, i) => [look, target(look.path, i)])) }
}

const linesOf = (part: Buffer | undefined): string[] => part?.toString().split('\n').slice(0, -1) ?? []

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

/** Of a name as QUOTING_STYLE=escape writes it; empty where it is no link's. Raises ModuleFailure where it is another's. */
export function targetOf(name: string, path: string): string {
  const bytes = latin1(name).replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length > 1 ? String.fromCharCode(Number.parseInt(code, 8)) : (CONTROLS[code] ?? code),
  )
  const itself = latin1(path)
  if (bytes === itself) return ''
  if (!bytes.startsWith(`${itself} -> `))
    throw new ModuleFailure(`cannot understand stat of ${path}: ${name.slice(0, 80)}`)
  return Buffer.from(bytes.slice(itself.length + 4), 'latin1').toString()
}

const CONTROLS: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

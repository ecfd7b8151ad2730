import { randomBytes } from 'node:crypto'
import { type ShellText, sh } from '../../core/connection/quote.ts'
import { aboveScript, PLAIN, statScript } from './entry.ts'
import type { WantedLook } from './looks.ts'
import { detailsScript } from './looks-details.ts'
import { asksLink, linksScript } from './looks-links.ts'

/** Larger contents are not fetched for a diff. */
export const DIFF_LIMIT = 100 * 1024

/** Begins the lines between the parts of an answer, in front of 24 hexadecimal digits and a space. */
export const MARK = '@@'

/**
 * Prints the mark that it uses, and a letter for each path: f: a file that may be read, e: something else, n: nothing, d: it may not be known,
 * l: a link of which `only` that was asked; behind an i where `into` counted. Behind lines of the mark and a word or two: `N`, the text of
 * the Nth; `digests`; `N` again, a content that differs; `entries`, or those of the folders above, then those of links, in parts
 * of looks-links.ts where links are asked; `details N` (looks-details.ts).
 */
export function looksScript(looks: readonly WantedLook[]): ShellText {
  const mark = `${MARK}${randomBytes(12).toString('hex')}`
  const wants = (test: (look: WantedLook) => boolean): boolean => looks.some(test)
  const parts = [
    sh`${PLAIN}${SAY}${SEE}`,
    sh`set -- ; O=${mark}$L`,
    ...looks.map(see),
    sh`O=$O$L`,
    ...(wants((look) => look.content !== undefined) ? [contents(mark, looks)] : []),
    wants(asksLink) ? linksScript(mark, looks) : entriesScript(mark),
    ...(wants((look) => look.details !== undefined) ? [detailsScript(mark, looks)] : []),
    sh`say; exit 0`,
  ]
  return sh.join(parts)
}

const isDeclared = ({ content }: WantedLook): boolean => content !== undefined && content !== 'text'

/**
 * What there is to say is kept in O until a process has to write, or all is told: each write is a packet. L is a line feed. mksh has no printf
 * of its own.
 */
const SAY = sh`L='
' O=
say() {
  if [ -n "\${KSH_VERSION-}" ]; then print -rn -- "$O"; else printf %s "$O"; fi
  O=
}
`

const entriesScript = (mark: string): ShellText => sh`s=$(${statScript(sh`"$@"`, { follow: true })}) || exit 1
O="$O"${mark}" entries$L$s$L"`

/** $p: the path; $w: what is wanted of its content. W: what comes of that, a word for each. X: some path that is handed on is a link. */
const SEE = sh`W= X=
see() {
  if [ -f "$p" ] && [ -r "$p" ]; then O=\${O}f
  elif [ -e "$p" ]; then O=\${O}e w=-
  else
    w=-
    ${aboveScript}
    if [ -x "$d" ]; then O=\${O}n p=$d; else O=\${O}d p=/; fi
  fi
  [ ! -h "$p" ] || X=1
  W="$W$w "
}`

function see(look: WantedLook): ShellText {
  const { path, into } = look
  const named = into === undefined ? sh`` : sh`\n[ ! -d "$p" ] || { p=\${p%/}/${into} O=\${O}i; }`
  const seen = sh`see; set -- "$@" "$p"`
  const unlessLink = look.link === 'only' ? sh`if [ -h "$p" ]; then O=\${O}l; else ${seen}; fi` : seen
  return sh`p=${path} w=${wish(look)}${named}\n${unlessLink}`
}

/** -: nothing; t: the text; the digest that is declared, behind a d where a content that differs is wanted. */
function wish({ content, diff }: WantedLook): string {
  if (content === undefined) return '-'
  if (content === 'text') return 't'
  return `${diff ? 'd' : ''}${content.declared ?? 'none'}`
}

/** In a function, so that the paths stay for who comes behind it. */
function contents(mark: string, looks: readonly WantedLook[]): ShellText {
  const declared = looks.filter(isDeclared)
  return sh`contents() {
${texts(mark)}
${declared.length > 0 ? digests(mark, declared) : sh`:`}
}
contents "$@"`
}

/** Prints texts; leaves the files whose digests are wanted, and in V their words and numbers. */
const texts = (mark: string): ShellText => sh`n=0 V=
for p do
  shift; n=$((n + 1)) w=\${W%% *} W=\${W#* }
  case $w in
  -) ;;
  t) O="$O"${mark}" $n$L"; say; cat <"$p" || exit 1 ;;
  *) V="$V$w $n "; set -- "$@" "$p" ;;
  esac
done`

const digests = (mark: string, declared: readonly WantedLook[]): ShellText => {
  const sums = declared.some(hasLineBreak) ? EACH_SUM : sh`sha256sum -- "$@"`
  return sh`if [ $# -gt 0 ]; then
  s=$(${sums}) || exit 1
  O="$O"${mark}" digests$L$s$L"
  ${declared.some((look) => look.diff) ? differing(mark) : sh`:`}
fi`
}

// A process for each, where a name has a line break: busybox writes it as it is, and what is behind it may look like a digest.
const EACH_SUM = sh`for p do sha256sum <"$p" || exit 1; done`
const hasLineBreak = ({ path, into = '' }: WantedLook): boolean => `${path}${into}`.includes('\n')

const differing = (mark: string): ShellText => sh`for p do
    w=\${V%% *} V=\${V#* } n=\${V%% *} V=\${V#* } h=\${s%%"$L"*} s=\${s#*"$L"}
    h=\${h#\\\\} h=\${h%% *}
    case $w in
    d"$h") ;;
    d*) if [ "$(wc -c <"$p")" -le ${DIFF_LIMIT} ]; then O="$O"${mark}" $n$L"; say; cat <"$p" || exit 1; fi ;;
    esac
  done`

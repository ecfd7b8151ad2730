import { randomBytes } from 'node:crypto'
import { type ShellText, sh } from '../../core/connection/quote.ts'
import { aboveScript, PLAIN, statScript } from './entry.ts'
import type { WantedLook } from './looks.ts'
import { detailsScript } from './looks-details.ts'

/** Larger contents are not fetched for a diff. */
export const DIFF_LIMIT = 100 * 1024

/** Begins the lines between the parts of an answer, in front of 24 hexadecimal digits and a space. */
export const MARK = '@@'

/**
 * Prints the mark that it uses, and a letter for each path: f: a file that may be read, e: something else, n: nothing, d: it may not be known,
 * l: a link of which `only` that was asked; behind an i where `into` counted. Behind lines of the mark and a word or two: `N`, the text of
 * the Nth; `digests`; `N` again, a content that differs; `entries`, or those of the folders above, then those of links; `links`: a letter for
 * each that was asked (l, n), and the targets, each with a line feed and a NUL behind it; `details N` (looks-details.ts).
 */
export function looksScript(looks: readonly WantedLook[]): ShellText {
  const mark = `${MARK}${randomBytes(12).toString('hex')}`
  const wants = (test: (look: WantedLook) => boolean): boolean => looks.some(test)
  const parts = [
    sh`${PLAIN}${SEE}`,
    sh`set -- ; echo ${mark}`,
    ...looks.map(see),
    sh`echo`,
    ...(wants((look) => look.content !== undefined) ? [contents(mark, looks)] : []),
    sh`echo ${mark} entries`,
    ...(wants(asksLink) ? [links(mark, looks)] : [sh`${statScript(sh`"$@"`, { follow: true })} || exit 1`]),
    ...(wants((look) => look.details !== undefined) ? [detailsScript(mark, looks)] : []),
    sh`exit 0`,
  ]
  return sh.join(parts)
}

/** Of these the script tells whether they are links. */
export const asksLink = ({ link }: WantedLook): boolean => link === true || link === 'only'
const isDeclared = ({ content }: WantedLook): boolean => content !== undefined && content !== 'text'

/** $p: the path; $w: what is wanted of its content. W: what comes of that, a word for each. X: some path that is handed on is a link. */
const SEE = sh`W= X=
see() {
  if [ -f "$p" ] && [ -r "$p" ]; then printf f
  elif [ -e "$p" ]; then printf e; w=-
  else
    w=-
    ${aboveScript}
    if [ -x "$d" ]; then printf n; p=$d; else printf d; p=/; fi
  fi
  [ ! -h "$p" ] || X=1
  W="$W$w "
}`

function see(look: WantedLook): ShellText {
  const { path, into } = look
  const named = into === undefined ? sh`` : sh`\n[ ! -d "$p" ] || { p=\${p%/}/${into}; printf i; }`
  const seen = sh`see; set -- "$@" "$p"`
  const unlessLink = look.link === 'only' ? sh`if [ -h "$p" ]; then printf l; else ${seen}; fi` : seen
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
  const withDiff = declared.some((look) => look.diff)
  return sh`contents() {
${texts(mark)}
${declared.length > 0 ? digests(mark, withDiff) : sh`:`}
}
contents "$@"`
}

/** Prints texts; leaves the files whose digests are wanted, and in V their words and numbers. */
const texts = (mark: string): ShellText => sh`n=0 V=
for p do
  shift; n=$((n + 1)) w=\${W%% *} W=\${W#* }
  case $w in
  -) ;;
  t) echo ${mark} $n; cat <"$p" || exit 1 ;;
  *) V="$V$w $n "; set -- "$@" "$p" ;;
  esac
done`

// The name of a single file stays out of it: no name then has to be told from a digest.
const digests = (mark: string, withContents: boolean): ShellText => sh`if [ $# -gt 0 ]; then
  echo ${mark} digests
  ${withContents ? differing(mark) : sh`if [ $# = 1 ]; then sha256sum <"$1"; else sha256sum -- "$@"; fi || exit 1`}
fi`

const differing = (mark: string): ShellText => sh`L='
'
  if [ $# = 1 ]; then s=$(sha256sum <"$1"); else s=$(sha256sum -- "$@"); fi || exit 1
  printf '%s\n' "$s"
  for p do
    w=\${V%% *} V=\${V#* } n=\${V%% *} V=\${V#* } h=
    # busybox writes a name with a line break as it is.
    while [ \${#h} != 64 ]; do
      [ -n "$s" ] || exit 1
      h=\${s%%"$L"*}
      case $s in *"$L"*) s=\${s#*"$L"} ;; *) s= ;; esac
      h=\${h#\\\\} h=\${h%% *}
    done
    case $w in
    d"$h") ;;
    d*) if [ "$(wc -c <"$p")" -le ${DIFF_LIMIT} ]; then echo ${mark} $n; cat <"$p" || exit 1; fi ;;
    esac
  done`

/** Entries of paths and of links: where no path is a link, stat(1) need not be told to follow some of them, and one is enough for both. */
function links(mark: string, looks: readonly WantedLook[]): ShellText {
  const each = looks
    .filter(asksLink)
    .map(({ path }) => sh`p=${path}; if [ -h "$p" ]; then K=\${K}l; set -- "$@" "$p"; else K=\${K}n; fi`)
  return sh`n=$# K=
if [ -n "$X" ]; then ${statScript(sh`"$@"`, { follow: true })} || exit 1; shift $n; n=0; fi
${sh.join(each)}
[ $# = 0 ] || ${statScript(sh`"$@"`, { follow: false })} || exit 1
shift $n
echo ${mark} links
echo $K
for p do readlink -- "$p" || exit 1; printf '\\000'; done`
}

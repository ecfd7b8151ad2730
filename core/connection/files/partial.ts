import { type ShellText, sh } from '../quote.ts'
import { resolveTarget } from './install.ts'

/** Characters of a name that a partial file's name has of it; of a longer name it has a checksum. 255 bytes are a name's limit. */
const LONGEST_NAME = 50
const DIGITS = 16

/** A partial file that is not ours or not whole any more. */
export const CUT = 7
/** What arrived is not what was sent. */
export const DAMAGED = 6

/** Sets $t and $d as resolveTarget does, $n to the partial file of that content beside the target, $p to what all of them begin with. */
export const namePartial = (path: string, sha256: string): ShellText => sh`${resolveTarget(path)}
p=\${t##*/}
[ "\${#p}" -le ${LONGEST_NAME} ] || { p=$(printf %s "$p" | cksum); p=\${p%% *}; }
p=$d.$p.virtfleet-
n="$p"${sha256.slice(0, DIGITS)}.part
ours() { [ -f "$1" ] && [ ! -h "$1" ] && [ -O "$1" ]; }
size() { stat -L -c %s -- "$1" 2>/dev/null || { set -- $(wc -c <"$1"); echo "$1"; }; }`

/** A number too large for the arithmetic of some shells stays text; dd cuts or stretches the file to it. */
export const setSize = (bytes: number): ShellText => sh`dd if=/dev/null of="$n" bs=1 seek=${bytes} count=0 2>/dev/null`

/** dd that leaves what follows its part in the pipe, and writes it where it belongs: with holes, without, or not at all (empty). */
const findDd = sh.raw(`w=
for c in notrunc,sparse notrunc; do
  [ "$(printf abcdef | { dd of=/dev/null bs=4 count=5 iflag=fullblock,count_bytes oflag=seek_bytes seek=8 conv=$c 2>/dev/null; cat; })" != f ] || { w=$c; break; }
done`)

export interface Beginning {
  /** Bytes of the partial file. */
  readonly have: number
  readonly seeks: boolean
  /** Bytes that may be written to the file system. */
  readonly free: number | undefined
  /** `/dev/sda1 on /var` */
  readonly fileSystem: string
  readonly gzip: boolean
}

/** Makes the partial file unless it is there, removes those of other contents, and tells what parseBeginning reads. */
export const beginScript = (path: string, sha256: string): ShellText => sh`${namePartial(path, sha256)}
for f in "$p"*.part; do
  if [ "$f" != "$n" ] && ours "$f"; then rm -f -- "$f"; fi
done
if ours "$n"; then chmod 600 "$n" || exit 5
else rm -f -- "$n"; umask 077; set -C; : >"$n" || exit 5; set +C; fi
${findDd}
g=; command -v gzip >/dev/null 2>&1 && g=gzip
printf '%s\n' "$(size "$n")" "$w" "$g"
df -Pk -- "$d" 2>/dev/null | tail -n 1`

/** The answer to beginScript. */
export function parseBeginning(text: string): Beginning {
  const [have, dd, gzip, ...rest] = text.split('\n')
  const found = /^(.*?)\s+\d+\s+\d+\s+(-?\d+)\s+\S+\s+(\/.*)$/.exec(rest.join('\n').trim())
  return {
    have: Number(have),
    seeks: dd !== '',
    gzip: gzip !== '',
    free: found ? Math.max(0, Number(found[2])) * 1024 : undefined,
    fileSystem: found ? `${found[1]} on ${found[3]}` : 'the file system',
  }
}

/** Prints the SHA-256 of the partial file's first bytes. */
export const prefixScript = (path: string, sha256: string, bytes: number): ShellText => sh`${namePartial(path, sha256)}
ours "$n" || exit ${CUT}
head -c ${bytes} <"$n" | { if command -v sha256sum >/dev/null 2>&1; then sha256sum; else openssl dgst -sha256 -r; fi; }`

export const removeScript = (path: string, sha256: string): ShellText => sh`${namePartial(path, sha256)}
if ours "$n"; then rm -f -- "$n" || exit 5; fi`

/**
 * Takes what framing.ts sends, from there on. Ends with CUT when its input ended early: then what arrived is kept. What cannot be
 * written (a full disk) is removed: it would only be in the way.
 */
export function receiveScript(
  path: string,
  sha256: string,
  { offset, seeks, gzip }: { offset: number; seeks: boolean; gzip: boolean },
): ShellText {
  return sh`${namePartial(path, sha256)}
ours "$n" || exit ${CUT}
${setSize(offset)} || exit 5
${seeks ? receiveRuns : receiveAll}
${gzip ? sh`gzip -dc 2>/dev/null | receive` : sh`receive`}`
}

const receiveRuns = sh`${findDd}
receive() {
  while read -r o l; do
    [ "$o" != end ] || return 0
    e=$(dd of="$n" bs=64k iflag=fullblock,count_bytes oflag=seek_bytes count="$l" seek="$o" conv="$w" 2>&1) ||
      { rm -f -- "$n"; printf '%s\n' "$e" | head -n 1 >&2; return 5; }
  done
  return ${CUT}
}`

const receiveAll = sh.raw(
  `receive() { e=$(cat 2>&1 >>"$n") || { rm -f -- "$n"; printf '%s\\n' "$e" | head -n 1 >&2; return 5; }; }`,
)

import { randomBytes } from 'node:crypto'
import { type ShellText, sh } from '../quote.ts'

/** How the file that replaces another shall be; what is not given stays as it is, or is the user's default for a new one. */
export interface ReplaceOptions {
  /** Octal digits or symbolic, as chmod takes it. */
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  /** Keep the old file beside it as `path.PID.YYYY-MM-DD@HH:MM:SS~`, as Ansible names it. */
  readonly backup?: boolean
}

export const randomName = (): string => randomBytes(8).toString('hex')

/** Sets $t to the file behind `path`, through symlinks, and $d to its directory with a final slash; ends if it is a directory. */
export function resolveTarget(path: string): ShellText {
  return sh`t=${path}
if [ -h "$t" ]; then t=$(readlink -f -- "$t" && echo .) || { echo "cannot follow the symlink" >&2; exit 3; }; t=\${t%??}; fi
[ ! -d "$t" ] || { echo "is a directory" >&2; exit 3; }
case $t in */*) d=\${t%/*}/ ;; *) d=./ ;; esac
[ -d "$d" ] || { echo "the directory $d does not exist" >&2; exit 3; }`
}

/** Before content is written into $n, a new empty file: owner, mode, ACL and SELinux context of the one it replaces. */
export const takeAttributes: ShellText = sh.raw(`if [ -e "$t" ]; then
  if ! cp -a --attributes-only -- "$t" "$n" 2>/dev/null; then
    cp -p -- "$t" "$n" && : >"$n" || exit 5
    if command -v setfacl >/dev/null 2>&1; then getfacl -p -- "$t" 2>/dev/null | setfacl --set-file=- -- "$n" 2>/dev/null; fi
    if [ -e /sys/fs/selinux/enforce ]; then chcon --reference="$t" -- "$n" 2>/dev/null; fi
  fi
fi`)

/** Puts the verified $n in the place of $t. Prints the backup's name, or an empty line. */
export function install(options: ReplaceOptions): ShellText {
  const { mode, owner, group, backup } = options
  const steps: ShellText[] = []
  const who =
    owner !== undefined || group !== undefined ? `${owner ?? ''}${group === undefined ? '' : `:${group}`}` : undefined
  if (who !== undefined) steps.push(sh`chown -- ${who} "$n" || exit 5`)
  if (mode !== undefined) steps.push(sh`chmod -- ${mode} "$n" || exit 5`)
  if (backup) {
    steps.push(sh`b=
if [ -e "$t" ]; then b=$t.$$.$(date '+%Y-%m-%d@%H:%M:%S')~; cp -p -- "$t" "$b" || { rm -f -- "$b"; exit 5; }; fi`)
  } else steps.push(sh`b=`)
  steps.push(sh`e=; [ -e "$t" ] || e=new
if ! r=$(LC_ALL=C mv -f -- "$n" "$t" 2>&1); then
  case $r in
    *busy*) o=\${n}o
      cp -p -- "$t" "$o" || { rm -f -- "$o"; exit 5; }
      if ! cp --sparse=always -- "$n" "$t" 2>/dev/null && ! cat <"$n" >"$t"; then cat <"$o" >"$t"; rm -f -- "$o"; exit 5; fi
      ${who === undefined ? sh`:` : sh`chown -- ${who} "$t" || exit 5`}
      ${mode === undefined ? sh`:` : sh`chmod -- ${mode} "$t" || exit 5`}
      rm -f -- "$n" "$o" ;;
    *) printf '%s\\n' "$r" >&2; exit 5 ;;
  esac
fi
trap - EXIT
if [ -n "$e" ] && [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null 2>&1; then restorecon -- "$t" 2>/dev/null; fi
printf '%s\\n' "$b"`)
  return sh.join(steps)
}

/** Fails unless the file's bytes are these; by size alone where the host has no SHA-256. */
export function verify(file: ShellText, size: number, sha256: string): ShellText {
  return sh`if command -v sha256sum >/dev/null 2>&1; then s=$(LC_ALL=C sha256sum <${file}); s=\${s%% *}
elif command -v openssl >/dev/null 2>&1; then s=$(openssl dgst -sha256 <${file}); s=\${s##* }
else
  s=${sha256}
  [ "$(($(wc -c <${file})))" = ${size} ] || { echo "it is not complete" >&2; exit 5; }
fi
[ "$s" = ${sha256} ] || { echo "its checksum is not the one that was sent" >&2; exit 6; }`
}

import { type ShellText, sh } from '../quote.ts'
import { install, type ReplaceOptions } from './install.ts'
import { stampScript } from './known-digests.ts'
import { CUT, DAMAGED, namePartial, setSize } from './partial.ts'

/** What `accept` refused. */
export const REFUSED = 8

/** Ends without a word if the partial file is whole and `accept` takes it, by a script that looks at $n; removes it if not. */
export function verifyScript(
  path: string,
  file: { size: number; sha256: string },
  accept: ShellText | undefined,
): ShellText {
  return sh`${namePartial(path, file.sha256)}
ours "$n" || { echo "its partial file is gone" >&2; exit ${CUT}; }
[ "$(size "$n")" = ${file.size} ] || ${setSize(file.size)} || exit 5
if command -v sha256sum >/dev/null 2>&1; then s=$(sha256sum <"$n") || exit ${CUT}
else s=$(openssl dgst -sha256 -r <"$n") || exit ${CUT}; fi
[ "\${s%% *}" = ${file.sha256} ] || { rm -f -- "$n"; echo "its checksum is not the one of what was sent" >&2; exit ${DAMAGED}; }
${accept ? sh`( ${accept} ) </dev/null >&2 || { rm -f -- "$n"; exit ${REFUSED}; }` : sh`:`}`
}

/** Puts the verified partial file in the target's place; prints the backup's name, then a line with the stamp. Must not be cut. */
export function installScript(path: string, sha256: string, options: ReplaceOptions): ShellText {
  return sh`${namePartial(path, sha256)}
ours "$n" || { echo "its partial file is gone" >&2; exit ${CUT}; }
trap 'rm -f -- "$n"' EXIT
if [ -e "$t" ]; then
${takeOnto}
elif [ -n ${options.mode === undefined ? 'default' : ''} ]; then chmod -- "=rw" "$n" || exit 5; fi
${install(options)}
${stampScript(sh`"$t"`)} || echo`
}

/** Owner, mode, ACL and SELinux context of $t onto $n, whose content and time of writing stay. */
const takeOnto = sh.raw(`if ! cp -a --attributes-only -- "$t" "$n" 2>/dev/null; then
  a=$(stat -L -c '%u:%g %a' -- "$t") && chown -- "\${a%% *}" "$n" && chmod -- "\${a##* }" "$n" || exit 5
  if command -v setfacl >/dev/null 2>&1; then getfacl -p -- "$t" 2>/dev/null | setfacl --set-file=- -- "$n" 2>/dev/null; fi
  if [ -e /sys/fs/selinux/enforce ]; then chcon --reference="$t" -- "$n" 2>/dev/null; fi
fi
touch -m -- "$n" || exit 5`)

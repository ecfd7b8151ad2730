import { type ShellText, sh } from '../quote.ts'
import { install, type ReplaceOptions } from './install.ts'
import { stampScript } from './known-digests.ts'
import { CUT, DAMAGED, namePartial } from './partial.ts'

export interface FinishOptions extends ReplaceOptions {
  /** Must accept $n before it is put in place: its status and output count. */
  readonly accept?: ShellText
}

/** What `accept` refused. */
export const REFUSED = 8

/** Verifies the whole partial file, puts it in the target's place; prints the backup's name, then a line with its stamp. */
export function finishScript(
  path: string,
  file: { size: number; sha256: string },
  { accept, ...options }: FinishOptions,
): ShellText {
  return sh`${namePartial(path, file.sha256)}
ours "$n" || exit ${CUT}
[ "$(size "$n")" = ${file.size} ] || dd if=/dev/null of="$n" bs=1 seek=${file.size} count=0 2>/dev/null || exit 5
if command -v sha256sum >/dev/null 2>&1; then s=$(sha256sum <"$n") || exit ${CUT}
else s=$(openssl dgst -sha256 -r <"$n") || exit ${CUT}; fi
[ "\${s%% *}" = ${file.sha256} ] || { rm -f -- "$n"; echo "its checksum is not the one of what was sent" >&2; exit ${DAMAGED}; }
trap 'rm -f -- "$n"' EXIT
${accept ? sh`( ${accept} ) </dev/null >&2 || exit ${REFUSED}` : sh`:`}
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

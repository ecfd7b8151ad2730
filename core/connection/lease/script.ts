import { quote, type ShellText, sh } from '../quote.ts'

/*
 * The lock is flock(1) on a file of the user's in a folder nobody else can enter: /run/virtfleet, or /tmp/virtfleet-$uid
 * (checked to be ours) for others than root. Both are gone with the next boot at the latest. The file is never removed, since a
 * second run may have it open; it names the holder while the lock is held, and is empty otherwise.
 *
 * What is shielded outlives a run that is killed, and the lock with it. So it has a lock of its own, shared, on a second file: it names the
 * run, and is emptied by the next one that finds nobody there.
 */

/** Told without a process where the shell can: this is the first thing that every host of a run does. */
const FOLDER = `
vf_uid=
if [ -r /proc/self/status ]; then
  while read -r vf_word vf_uid vf_other && [ "$vf_word" != Uid: ]; do vf_uid=; done </proc/self/status
  [ -z "$vf_uid" ] || vf_uid=\${vf_other%%[!0-9]*}
fi
[ -n "$vf_uid" ] || vf_uid=$(id -u)
if [ "$vf_uid" = 0 ]; then vf_folder=/run/virtfleet; [ -d /run ] || vf_folder=/var/run/virtfleet
else vf_folder=/tmp/virtfleet-$vf_uid; fi
vf_file=$vf_folder/lease vf_work=$vf_folder/work
if command -v flock >/dev/null 2>&1; then vf_flock=flock
elif busybox flock --help >/dev/null 2>&1; then vf_flock='busybox flock'
else vf_flock=; fi
vf_own() {
  # Nobody but root makes anything in /run, and ours is closed. Not every shell can tell whose it is without a process.
  { [ "$vf_uid" = 0 ] && [ ! -h "$vf_folder" ] && [ -d "$vf_folder" ] && [ -O "$vf_folder" ]; } 2>/dev/null && return 0
  set -- $(LC_ALL=C ls -ldn "$vf_folder" 2>/dev/null)
  case $1 in drwx------*) [ "$3" = "$vf_uid" ] ;; *) return 1 ;; esac
}
`

/** Seconds without a word from the controller after which the lock is given up: a lost connection may tell nobody. */
export const EXPIRY_SECONDS = 90

/**
 * Tries once, and answers `held`, `busy HOLDER`, or `left HOLDER` if the host is ours and what a run before has left on it is still at
 * work. Then it reads lines: `try HOLDER` tries again, anything else is a sign of life. The lock ends with the input, at the latest. The
 * watcher counts to three between signs of life; it does not have the lock open, and ends when its parent is not the holder any more.
 */
export function holdScript(holder: string, expirySeconds: number): ShellText {
  return sh.raw(`PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
${FOLDER}
umask 077
[ -n "$vf_flock" ] || { echo noflock; exit 0; }
[ -d "$vf_folder" ] || mkdir "$vf_folder" 2>/dev/null
vf_own || { echo "unusable $vf_folder"; exit 0; }
trap '' USR1
(
  exec </dev/null >/dev/null 2>&1
  missed=0 sleeper=
  trap 'missed=0' USR1
  trap '[ -z "$sleeper" ] || kill "$sleeper"; exit 0' TERM
  holding() { read -r _ _ _ parent _ </proc/self/stat && [ "$parent" = "$$" ]; }
  while [ "$missed" -lt 3 ]; do
    missed=$((missed + 1))
    sleep ${Math.max(1, Math.ceil(expirySeconds / 3))} & sleeper=$!
    while kill -0 "$sleeper" && ! wait "$sleeper"; do :; done
    holding || exit 0
  done
  kill -s KILL "$$"
) &
watcher=$!
held=
worked() {
  [ -s "$vf_work" ] || return 1
  { $vf_flock -n 8 && true >"$vf_work"; } 8<"$vf_work" && return 1
  read -r other <"$vf_work" || other=
}
take() {
  if $vf_flock -n 9; then
    held=1
    printf '%s\\n' "$1" >"$vf_file" || { echo "unusable $vf_file"; return 1; }
    if worked; then printf 'left %s\\n' "$other"; else echo held; fi
  else
    read -r other <"$vf_file" || other=
    printf 'busy %s\\n' "$other"
  fi
}
{
  word=try holder=${quote(holder)}
  while [ "$word" != try ] || take "$holder"; do
    read -r word holder || break
    kill -s USR1 "$watcher" 2>/dev/null
  done
  [ -z "$held" ] || : >"$vf_file"
} 9>>"$vf_file" || echo "unusable $vf_file"
kill "$watcher" 2>/dev/null
exit 0
`)
}

/** Prints `busy` and the holder if there is one, or what one has left at work; writes nothing. Locks are only tried, for that moment. */
export function lookScript(): ShellText {
  return sh.raw(`${FOLDER}
[ -n "$vf_flock" ] && vf_own && [ -r "$vf_file" ] || exit 0
{ $vf_flock -s -n 9 || { echo busy; cat "$vf_file"; exit 0; }; } 9<"$vf_file"
[ -s "$vf_work" ] || exit 0
{ $vf_flock -n 8 || { echo busy; cat "$vf_work"; }; } 8<"$vf_work"
`)
}

/**
 * For the head of a shielded script: as long as this shell lives, the next run of its user's waits, if there is a lease here at all. What the
 * script leaves running is not waited for: it must not have descriptor 8. (`true`, since a special builtin that cannot write ends the shell;
 * `8>&8`, since mksh keeps to itself what `exec` opened.)
 */
export const WORKING = `${FOLDER}
if [ -n "$vf_flock" ] && vf_own && { true >>"$vf_work"; } 2>/dev/null; then
  exec 8>>"$vf_work"
  { $vf_flock -s 8 8>&8 && { vf_word=; read -r vf_word <"$vf_file"; vf_p "$vf_word
" >&8; }; } 2>/dev/null
fi
unset vf_uid vf_word vf_other vf_folder vf_file vf_work vf_flock
unset -f vf_own
`

import { quote, type ShellText, sh } from '../quote.ts'

/*
 * The lock is held by the listening shell of the run's user (Connection.aside), and so costs no process; it ends with the connection, once what
 * ran is ended. It is flock(1) on a file of the user's in a folder nobody else can enter: /run/virtfleet, or /tmp/virtfleet-$uid (checked to
 * be ours) for others than root. Both are gone with the next boot at the latest. The file is never removed, since a second run may have it
 * open; it names the holder while the lock is held. Beside it lie the FIFOs of the shell that holds it (../shell/prelude/outputs.ts).
 *
 * A connection that is lost without a word leaves its shell on the host. So the holder says from time to time until when it lives, in a file
 * `beat` with its number; the next run that finds the lock taken, and that time over, ends that shell and its job.
 *
 * What is shielded outlives a run that is killed, and the lock with it. So it has a lock of its own, shared, on a second file: it names the
 * run, and is emptied by the next one that finds nobody there.
 */

/** Told without a process where the shell can: this is the first thing that every host of a run does. */
const WHO = `
vf_uid=
if [ -r /proc/self/status ]; then
  while read -r vf_word vf_uid vf_other && [ "$vf_word" != Uid: ]; do vf_uid=; done </proc/self/status
  [ -z "$vf_uid" ] || vf_uid=\${vf_other%%[!0-9]*}
fi
[ -n "$vf_uid" ] || vf_uid=$(id -u)
`

/** For a shell that knows its user, as the listening one does by its prelude. */
const PLACE = `
if [ "$vf_uid" = 0 ]; then vf_folder=/run/virtfleet; [ -d /run ] || vf_folder=/var/run/virtfleet
else vf_folder=/tmp/virtfleet-$vf_uid; fi
vf_file=$vf_folder/lease vf_work=$vf_folder/work
if command -v flock >/dev/null 2>&1; then vf_flock=flock
elif busybox flock --help >/dev/null 2>&1; then vf_flock='busybox flock'
else vf_flock=; fi
# Told without a process, which not every shell can: nobody but root makes anything in /run; and elsewhere bits that no other folder has, given by
# vf_hold and lost by a chmod with a number, say that it is closed. It is asked from inside, since what a name leads to may change between two
# questions.
vf_closed() {
  [ "$vf_uid" != 0 ] || { [ ! -h "$vf_folder" ] && [ -d "$vf_folder" ] && [ -O "$vf_folder" ]; return; }
  vf_was=$PWD vf_c=1
  if cd -P "$vf_folder"; then
    [ "$PWD" != "$vf_folder" ] || [ ! -O . ] || [ ! -u . ] || [ ! -g . ] || [ ! -k . ] || vf_c=0
    cd "$vf_was" || cd "\${HOME:-/}" || cd /
    OLDPWD=$vf_was
  fi
  return "$vf_c"
}
vf_own() {
  { vf_closed; } >/dev/null 2>&1 && return 0
  set -- $(LC_ALL=C ls -ldn "$vf_folder" 2>/dev/null)
  case $1 in drw[xs]--[-S]--[-T]*) [ "$3" = "$vf_uid" ] ;; *) return 1 ;; esac
}
`

const FOLDER = WHO + PLACE

/** Seconds without a word from the controller after which another run may take the host: a lost connection may tell nobody. */
export const EXPIRY_SECONDS = 90

/** Tries, a second apart, after which what does not listen to TERM is killed. */
const GRACE_TRIES = 6

/** Who has the lock has not said for too long that it lives: `vf_n` is its shell. That is judged by the host's own clock, which nobody sets. */
const STALE = `
vf_beat=$vf_folder/beat
vf_stale() {
  vf_n= vf_l= vf_c=
  { read -r vf_n vf_l <"$vf_beat" && read -r vf_c vf_s </proc/uptime; } 2>/dev/null || return 1
  case $vf_n-$vf_l in -* | *- | *[!0-9-]*) return 1 ;; esac
  [ "\${vf_c%%.*}" -gt "$vf_l" ] && [ "$vf_n" != "$$" ] && [ "/proc/$vf_n/fd/9" -ef "$vf_file" ]
}
`

/**
 * What a user's listening shell keeps as the lease: the lock is on its descriptor 9. `vf_try HOLDER`, also the first act, answers `held`,
 * `busy HOLDER`, or where the host is ours `left HOLDER` if what a run before has left on it is still at work, `ending HOLDER` if what it did is
 * being ended. `vf_living` is the sign of life; `vf_free` gives it up, and answers.
 */
export function holdScript(holder: string, expirySeconds: number): ShellText {
  return sh.raw(`${PLACE}${STALE}
vf_held= vf_ousted= vf_tries=0
vf_lock() { $vf_flock -n 9 9>&9 </dev/null; }
# A shell that ends by itself sees to its job. This one waits for its input and hears nothing else: it is killed, and the rest is done here. What is
# shielded is in no group of a job's.
vf_oust() {
  vf_l=; { read -r vf_l <"/proc/$vf_n/task/$vf_n/children"; } 2>/dev/null
  # One of its FIFOs.
  vf_d=$(readlink "/proc/$vf_n/fd/5")
  kill -KILL "$vf_n" 2>/dev/null || return 1
  for vf_c in $vf_l; do
    if kill -TERM "-$vf_c"; then vf_ousted="$vf_ousted -$vf_c"; kill -CONT "-$vf_c"
    else kill -TERM "$vf_c"; kill -CONT "$vf_c"; fi
  done
  case $vf_d in
  /*/.virtfleet-*/i) rm -rf "\${vf_d%/i}" ;;
  */"\${vf_folder##*/}"/.*-i) rm -f "\${vf_d%i}"* ;;
  esac
  vf_l=0
  while [ "$vf_l" -lt 5000 ] && [ "/proc/$vf_n/fd/9" -ef "$vf_file" ]; do vf_l=$((vf_l + 1)); done
  vf_lock
}
# Asked about once a second; after some, what has not listened is killed.
vf_going() {
  vf_l=
  vf_tries=$((vf_tries + 1))
  for vf_c in $vf_ousted; do
    [ "$vf_tries" -le ${GRACE_TRIES} ] || kill -KILL "$vf_c"
    kill -0 "$vf_c" && vf_l="$vf_l $vf_c"
  done
  vf_ousted=$vf_l
  [ -n "$vf_ousted" ]
}
vf_worked() {
  [ -s "$vf_work" ] || return 1
  { $vf_flock -n 8 </dev/null && true >"$vf_work"; } 8<"$vf_work" && return 1
  vf_other=; read -r vf_other <"$vf_work"
  return 0
}
vf_living() {
  [ -n "$vf_held" ] && { read -r vf_c vf_s </proc/uptime; } 2>/dev/null || return 0
  vf_p "$$ $((\${vf_c%%.*} + ${Math.ceil(expirySeconds)}))
" >"$vf_beat"
}
vf_try() {
  vf_other=
  if vf_lock || { vf_stale && vf_oust; }; then
    vf_held=1
    vf_living
    [ -z "$vf_ousted" ] || read -r vf_other <"$vf_file"
    if vf_going; then vf_a "ending $vf_other"
    elif ! vf_p "$1
" >"$vf_file"; then vf_a "unusable $vf_file"
    elif vf_worked; then vf_a "left $vf_other"
    else vf_a held; fi
  else
    read -r vf_other <"$vf_file"
    vf_a "busy $vf_other"
  fi
}
vf_free() {
  [ -z "$vf_held" ] || vf_keep
  [ -z "$vf_held" ] || { true >"$vf_file"; true >"$vf_beat"; }
  # mksh keeps a copy of what it closes.
  [ -z "\${KSH_VERSION-}" ] || [ -z "$vf_held" ] || $vf_flock -u 9 9>&9
  vf_held=
  exec 9>&-
  vf_a free
}
vf_hold() {
  [ -n "$vf_flock" ] || { vf_a noflock; return 0; }
  [ -d "$vf_folder" ] || mkdir -m 7700 "$vf_folder"
  vf_own || { vf_a "unusable $vf_folder"; return 0; }
  [ -e "$vf_file" ] || ( umask 077; true >>"$vf_file"; true >>"$vf_beat" )
  # A special builtin that cannot write ends the shell.
  true >>"$vf_file" || { vf_a "unusable $vf_file"; return 0; }
  exec 9>>"$vf_file"
  vf_try "$1"
}
vf_hold ${quote(holder)} 2>/dev/null
`)
}

/** Another try of the script's, for a host that was busy. */
export const tryAgain = (holder: string): ShellText => sh`vf_try ${holder} 2>/dev/null`
export const SIGN_OF_LIFE = sh`vf_living 2>/dev/null`
export const GIVE_UP = sh`vf_free 2>/dev/null`

/** Prints `busy` and the holder if there is one, or what one has left at work; writes nothing. Locks are only tried, for that moment. */
export function lookScript(): ShellText {
  return sh.raw(`${FOLDER}${STALE}
[ -n "$vf_flock" ] && vf_own && [ -r "$vf_file" ] || exit 0
{ $vf_flock -s -n 9 || vf_stale || { echo busy; cat "$vf_file"; exit 0; }; } 9<"$vf_file"
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
unset vf_uid vf_word vf_other vf_folder vf_file vf_work vf_flock vf_was vf_c
unset -f vf_own vf_closed
`

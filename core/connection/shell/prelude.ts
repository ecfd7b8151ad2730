import { quote } from '../quote.ts'

/*
 * The two shells of a session. The listening shell reads our lines and is never busy; each batch runs in a job: a shell of
 * its own session and process group, which gets its script through a pipe (argv and environment are open to other users).
 *
 * A mark is RS, the batch's nonce, a space, a word with arguments, and a newline. Marks of a job: `B` (what follows belongs
 * to the next command), `E seq status` (ended; the next one begins), `X seq` (its time is over, and nothing is begun any
 * more), `F seq` (no FIFO could be made), `J` (the job is over). Marks of the listening shell: `H` (hello), `K` (the
 * job was ended), `A` (it is alive), `S` (survivors of the last job: the batch was not begun).
 *
 * A user's command writes into a pair of FIFOs of its own, `o1` and `e1`, `o2` and `e2` …: made many at once, and read by
 * one `cat o1 o2 …` for each stream, so that a command costs no process but its own. The reader goes on to the next FIFO when
 * nobody has the last one open any more; where somebody keeps it (what a command left behind), the reader is replaced
 * by one that begins behind it. A job that can open the pair behind its command's knows that all was passed on. What
 * is shielded has readers of its own instead, which outlive the connection.
 *
 * The listening shell has no locale: each tool that it starts would open a dozen files for it. A job has C.UTF-8.
 */

/** Directories in which a private 0700 directory for FIFOs is tried, in this order; noexec does not matter. */
const FIFO_DIRECTORIES =
  '"${XDG_RUNTIME_DIR:-/run/user/$vf_uid}" /dev/shm /run /tmp /var/tmp "${HOME:-/}/.cache" "${HOME:-/}"'

const STANDARD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Pairs of FIFOs that are made beyond those that are needed at once: one process makes them all. */
const PAIRS = 12

export interface PreludeOptions {
  readonly nonce: string
  readonly shellPath: string
  /** Seconds between TERM and KILL. */
  readonly grace: number
  /** stderr is merged into stdout: marks are written once. */
  readonly merged: boolean
}

/** ksh's `print` where printf is a process of its own, whose arguments everybody sees. */
export const PRINT = `if [ -n "\${KSH_VERSION-}" ]; then vf_p() { print -rn -- "$1"; }; else vf_p() { printf %s "$1"; }; fi`

const mark = (merged: boolean): string =>
  merged ? `vf_m() { vf_p "\x1e$N $*\n"; }` : `vf_m() { vf_p "\x1e$N $*\n"; vf_p "\x1e$N $*\n" >&2; }`

/** How a shell that was told nothing else writes marks of the nonce in `N`. */
export const marking = (merged: boolean): string => `${PRINT}\n${mark(merged)}`

/**
 * Functions of a job; $1 is the FIFO directory. The watchdog ends with its sleep when it is told to; mksh may sleep through the
 * first signal in `wait`, so there its sleeps are short, outside the group, and nothing waits; and the job is told again.
 */
function jobPrelude({ grace, merged, shellPath }: PreludeOptions): string {
  return `${PRINT}
${mark(merged)}
D=$1 vf_x=$2 vf_k=$3 LC_ALL=$4 vf_w= vf_d= vf_c= vf_e= vf_i= vf_g=
set --
vf_now() { vf_n=; read -r vf_n vf_o </proc/uptime; vf_n=$((\${vf_n%.*} * 100 + 1\${vf_n#*.} - 100)); }
vf_arm() {
  [ -z "$vf_w" ] || kill "$vf_w" 2>/dev/null
  vf_f=$((vf_n + $1))
  ( vf_s="$((($1 + 9) / 100)).$((($1 + 9) % 100 / 10))"
    if [ -n "\${KSH_VERSION-}" ]; then
      vf_n=$((($1 + 9) / 100))
      $vf_x sleep "0.\${vf_s#*.}"
      while [ "$vf_n" -gt 0 ]; do $vf_x sleep 1; vf_n=$((vf_n - 1)); done
    else
      trap 'kill $! ; exit 0' TERM
      sleep "$vf_s" & wait $! || { sleep "$((($1 + 99) / 100))" & wait $!; }
    fi
    while kill -s USR2 $$; do $vf_x sleep 1; done ) </dev/null >/dev/null 2>&1 &
  vf_w=$!
}
vf_T() { vf_k=$1; vf_now; vf_d=$((vf_n + $2)); if [ -z "$vf_w" ] || [ "$vf_d" -lt "$vf_f" ]; then vf_arm "$2"; fi; }
vf_fire() {
  vf_i=1
  [ -n "$vf_d" ] || { vf_J; return 0; }
  vf_now
  if [ "$vf_d" -gt "$vf_n" ]; then vf_arm "$((vf_d - vf_n))"; return 0; fi
  trap : TERM
  for vf_s in "$$" $vf_g; do kill -TERM "-$vf_s" 2>/dev/null; done
  trap - TERM
  vf_m X "$vf_k"
  sleep ${grace}
  for vf_s in $vf_g "$$"; do kill -KILL "-$vf_s" 2>/dev/null; done
}
trap vf_fire USR2
vf_q() {
  vf_g=$1 vf_b=$! vf_s=
  while :; do
    vf_i=
    wait "$vf_b"; vf_o=$?
    [ "$vf_o" = 127 ] && [ -n "$vf_s" ] || vf_s=$vf_o
    [ -n "$vf_i" ] && [ "$vf_s" -gt 128 ] || break
  done
  vf_d= vf_g=
  return "$vf_s"
}
vf_O() {
  [ -p "$D/o$vf_k" ] || { vf_m F "$1"; exit 1; }
  exec 3>"$D/o$vf_k"
  ${merged ? 'exec 4>&3' : 'exec 4>"$D/e$vf_k"'}
}
vf_P() {
  vf_p "\x1e$N E $* $vf_k\n" >&3
  ${merged ? '' : 'vf_p "\x1e$N E $* $vf_k\n" >&4'}
  exec 3>&- 4>&-
  vf_k=$((vf_k + 1))
  vf_O "$1"
  exec 3>&- 4>&-
  vf_k=$((vf_k + 1))
}
vf_F() {
  mkfifo -m 600 "$D/o" ${merged ? '' : '"$D/e" '}2>/dev/null || { vf_m F "$1"; exit 1; }
  $vf_x ${quote(shellPath)} -c 'trap "" INT QUIT; cat; cat >/dev/null' <"$D/o" & vf_c=$!
  ${merged ? '' : `$vf_x ${quote(shellPath)} -c 'trap "" INT QUIT; cat; cat >/dev/null' <"$D/e" >&2 & vf_e=$!`}
  exec 3>"$D/o"
  ${merged ? 'exec 4>&3' : 'exec 4>"$D/e"'}
  rm -f "$D/o" "$D/e"
}
vf_G() {
  vf_p "\x1e$N E $* $vf_c $vf_e\n" >&3
  ${merged ? '' : 'vf_p "\x1e$N E $* $vf_c $vf_e\n" >&4'}
  exec 3>&- 4>&-
  wait "$vf_c" $vf_e
  vf_c= vf_e=
}
vf_J() { [ -z "$vf_w" ] || { kill "$vf_w"; wait "$vf_w"; } 2>/dev/null; vf_w= vf_d=; }
vf_m B
`
}

/** Stands for the nonce in texts that are kept. */
const NONCE = '@nonce@'
const texts = new Map<string, string>()

/** What the listening shell is told first; its last act is the hello mark. */
export function prelude({ nonce, ...options }: PreludeOptions): string {
  const key = JSON.stringify(options)
  let text = texts.get(key)
  if (text === undefined) {
    text = withoutComments(listener({ ...options, nonce: NONCE }))
    texts.set(key, text)
  }
  return text.replaceAll(NONCE, nonce)
}

/** It is sent for each shell of each host. */
const withoutComments = (text: string): string => text.replace(/^ *(?:#.*\n)?/gm, '')

function listener(options: PreludeOptions): string {
  const { nonce, shellPath, grace, merged } = options
  return `unset ENV BASH_ENV CDPATH LANGUAGE GREP_OPTIONS POSIXLY_CORRECT
[ -z "\${BASH_VERSION-}" ] || unset SSH_CLIENT SSH2_CLIENT
PATH=${STANDARD_PATH}\${PATH:+:$PATH} LC_ALL=C vf_l10n=C
if [ -d /usr/lib/locale/C.utf8 ] || [ -d /usr/lib/locale/C.UTF-8 ]; then vf_l10n=C.UTF-8
elif command -v locale >/dev/null 2>&1; then case $(locale -a 2>/dev/null) in *C.utf8* | *C.UTF-8*) vf_l10n=C.UTF-8 ;; esac
else for vf_s in /lib/ld-musl-*; do [ ! -e "$vf_s" ] || vf_l10n=C.UTF-8; done; fi
export PATH LC_ALL
cd . 2>/dev/null || cd "\${HOME:-/}" 2>/dev/null || cd /
${PRINT}
${mark(merged)}
N=${nonce} D= vf_pid= vf_e= vf_g= vf_made=0 vf_next=1 vf_ro= vf_re=
if command -v setsid >/dev/null 2>&1; then vf_x=setsid
elif command -v busybox >/dev/null 2>&1; then vf_x='busybox setsid'
else vf_x=; trap : TERM; fi
if command -v base64 >/dev/null 2>&1; then vf_s=base64
elif command -v openssl >/dev/null 2>&1; then vf_s=openssl
elif command -v busybox >/dev/null 2>&1; then vf_s=busybox
else vf_s=octal; fi
vf_id=$(id 2>/dev/null)
vf_uid=\${vf_id#uid=} vf_uid=\${vf_uid%%[!0-9]*}
vf_r=${quote(jobPrelude(options))}
# Of all the ways to write it, the one that dash, bash, mksh and busybox have in common for a group.
vf_kill() { kill "-$1" "$vf_to" 2>/dev/null; }
# A job that has no group of its own yet is told itself.
vf_tell() { vf_kill "$1" || kill "-$1" "$vf_pid" 2>/dev/null; }
vf_gone() {
  vf_s=; { read -r vf_s </proc/"$1"/stat; } 2>/dev/null
  case $vf_s in '' | *') Z '*) return 0 ;; esac
  return 1
}
vf_alive() {
  [ -n "$vf_x" ] && vf_kill 0 || return 1
  for vf_c in /proc/[0-9]*/stat; do
    vf_s=; { read -r vf_s <"$vf_c"; } 2>/dev/null
    case \${vf_s##*) } in [ZX]*) ;; ?" "*" $vf_pid "*) vf_s=\${vf_s##*) ? }; vf_s=\${vf_s#* }
      [ "\${vf_s%% *}" != "$vf_pid" ] || return 0 ;; esac
  done
  return 1
}
vf_mkdir() {
  for vf_s in ${FIFO_DIRECTORIES}; do
    [ -d "$vf_s" ] && [ -w "$vf_s" ] || continue
    if mkdir -m 700 "$vf_s/.virtfleet-${nonce}" 2>/dev/null; then D=$vf_s/.virtfleet-${nonce}; return 0; fi
  done
}
vf_read_o() { ( cd "$D" && exec cat $vf_l 2>/dev/null ) </dev/null & vf_ro=$!; }
${merged ? 'vf_read_e() { :; }' : 'vf_read_e() { ( cd "$D" && exec cat $vf_l >&2 2>/dev/null ) </dev/null & vf_re=$!; }'}
vf_read() {
  vf_n=$2 vf_l=
  while [ "$vf_n" -le "$vf_made" ]; do vf_l="$vf_l $1$vf_n"; vf_n=$((vf_n + 1)); done
  "vf_read_$1"
}
vf_pairs() {
  # One pair is always left: a reader that has come to its last one's end is gone.
  if [ "$((vf_next + $1))" -gt "$vf_made" ]; then
    vf_cease
    vf_n=$vf_made vf_l= vf_next=$((vf_made + 1)) vf_made=$((vf_made * 2 + $1 + ${PAIRS}))
    while [ "$vf_n" -lt "$vf_made" ]; do vf_n=$((vf_n + 1)); vf_l="$vf_l o$vf_n${merged ? '' : ' e$vf_n'}"; done
    ( cd "$D" && exec mkfifo -m 600 $vf_l ) 2>/dev/null
  fi
  [ -n "$vf_ro" ] || { vf_read o "$vf_next"; vf_read e "$vf_next"; }
}
vf_hush() { [ -z "$1" ] || { kill -TERM "$1"; kill -CONT "$1"; wait "$1"; } 2>/dev/null; }
vf_cease() { vf_hush "$vf_ro"; vf_hush "$vf_re"; vf_ro= vf_re=; }
vf_job() {
  N=$1
  if [ -n "$vf_pid" ]; then
    wait "$vf_pid" 2>/dev/null
    if [ -n "$2" ] && vf_alive; then vf_m S; return 0; fi
    vf_pid=
  fi
  [ -z "$3" ] || [ -n "$D" ] || vf_mkdir
  [ -z "$D" ] || [ "\${3:-0}" = 0 ] || vf_pairs "$3"
  vf_p "N=$N
$vf_r$4
" | { trap - INT QUIT; exec $vf_x ${quote(shellPath)} -s -- "$D" "$vf_x" "$vf_next" "$vf_l10n"; } &
  vf_pid=$! vf_to=0 vf_f=\${3:-0}
  vf_next=$((vf_next + vf_f))
  [ -z "$vf_x" ] || vf_to=-$vf_pid
}
vf_cut() {
  for vf_c in "$1" "$2"; do
    vf_s=; { read -r vf_s </proc/"\${vf_c:-none}"/stat; } 2>/dev/null
    case \${vf_s##*) } in [A-Z]" $vf_pid "*) kill -TERM "-$vf_c" 2>/dev/null ;; esac
  done
}
# Frozen, so that it cannot have gone on to the next one meanwhile.
vf_over() {
  kill -STOP "$1" 2>/dev/null || return 0
  while ! vf_gone "$1"; do case $vf_s in *') '[Tt]' '*) break ;; esac; done
  for vf_c in /proc/"$1"/fd/*; do
    [ "$vf_c" -ef "$D/$2$3" ] || continue
    vf_hush "$1"
    vf_read "$2" "$(($3 + 1))"
    return 0
  done
  kill -CONT "$1" 2>/dev/null
}
vf_skip() { vf_over "$vf_ro" o "$1"; [ -z "$vf_re" ] || vf_over "$vf_re" e "$1"; }
# The groups of those below the job that have one of their own.
vf_tree() {
  vf_t=$vf_pid
  while [ -n "$vf_t" ]; do
    vf_l=
    for vf_n in $vf_t; do
      for vf_c in /proc/"$vf_n"/task/*/children; do
        vf_s=; { read -r vf_s <"$vf_c"; } 2>/dev/null
        vf_l="$vf_l $vf_s"
      done
    done
    vf_t=
    for vf_c in $vf_l; do
      vf_s=; { read -r vf_s </proc/"$vf_c"/stat; } 2>/dev/null
      vf_s=\${vf_s##*) ? } vf_s=\${vf_s#* } vf_s=\${vf_s%% *} vf_t="$vf_t $vf_c"
      case "$vf_to $vf_g " in *"-$vf_s "*) ;; *) [ -z "$vf_s" ] || vf_g="$vf_g -$vf_s" ;; esac
    done
  done
}
vf_groups() { vf_c=1; for vf_s in $vf_g; do kill "-$1" "$vf_s" 2>/dev/null && vf_c=0; done; return "$vf_c"; }
# A zombie has a group too. To tell it from others takes a look at every process, which is done only now and then.
vf_left() { vf_groups 0 || { [ -n "$vf_x" ] && vf_kill 0 && { [ "$((vf_n % 10))" != 9 ] || vf_alive; }; }; }
vf_end() {
  if [ -n "$vf_pid" ]; then
    vf_e=1 vf_g=
    [ -z "$1" ] || vf_tree
    vf_tell TERM
    vf_tell CONT
    vf_groups TERM
    # mksh as the job puts TERM off until what it runs has ended.
    [ -n "$vf_g" ] || wait "$vf_pid" 2>/dev/null
    vf_n=0
    while vf_left; do
      if [ "$vf_n" -ge ${grace}0 ]; then vf_kill KILL; vf_groups KILL; fi
      [ "$vf_n" -lt ${grace + 2}0 ] || break
      sleep 0.1 2>/dev/null || { sleep 1; vf_n=$((vf_n + 9)); }
      vf_n=$((vf_n + 1))
    done
    vf_cease
    vf_pid= vf_e= vf_g=
  fi
  vf_m K
}
vf_stop() { [ -z "$vf_pid" ] || [ -z "$vf_x" ] || vf_tell STOP; vf_m A; }
vf_cont() { [ -z "$vf_pid" ] || vf_tell CONT; }
vf_deaf() { [ -n "$vf_ro" ] && [ "$vf_f" != 0 ] && { vf_gone "$vf_ro" || { [ -n "$vf_re" ] && vf_gone "$vf_re"; }; }; }
vf_poll() { if [ -n "$vf_pid" ] && { vf_gone "$vf_pid" || vf_deaf; }; then vf_end; else vf_m A; fi; }
vf_exit() {
  trap - EXIT HUP PIPE TERM
  for vf_s in $vf_ro $vf_re; do kill -TERM "$vf_s"; kill -CONT "$vf_s"; done 2>/dev/null
  # What was told to end is seen to, though its leader may be gone; what an ended job left behind is let be.
  if [ -n "$vf_pid" ] && { [ -n "$vf_e" ] || ! vf_gone "$vf_pid"; }; then
    if [ -n "$vf_e" ]; then vf_kill TERM; vf_kill CONT; else vf_tell TERM; vf_tell CONT; fi
    ( vf_n=0
      while vf_left && [ "$vf_n" -lt ${grace} ]; do sleep 1; vf_n=$((vf_n + 1)); done
      [ -z "$D" ] || rm -rf "$D"
      vf_kill KILL
      vf_groups KILL ) </dev/null >/dev/null 2>&1 &
  else
    [ -z "$D" ] || rm -rf "$D"
  fi
}
trap vf_exit EXIT
trap exit HUP PIPE
[ -z "$vf_x" ] || trap exit TERM
vf_m H "$vf_s|$vf_x|$vf_id"
`
}

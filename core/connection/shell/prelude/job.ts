import { quote } from '../../quote.ts'
import { mark, PRINT } from './marks.ts'
import type { PreludeOptions } from './options.ts'

/** So many processes that have begun meanwhile, on the whole host, are looked at; on a busier one a new job costs less. */
const LOOKED_AT = 24
/** Of those that the user may not signal, which takes a hundredth of a look, so many are passed over. */
const PASSED_OVER = 400

/**
 * Functions of a job; its arguments are how the paths of FIFOs begin, how to make a session, and the locale. The watchdog ends with its sleep when it is told to; mksh may sleep through the
 * first signal in `wait`, so there its sleeps are short, outside the group, and nothing waits; and the job is told again.
 */
export function jobFunctions({ grace, merged, shellPath }: PreludeOptions): string {
  return `${PRINT}
${mark(merged)}
D=$1 vf_x=$2 LC_ALL=$3 vf_w= vf_d= vf_c= vf_e= vf_i= vf_g= vf_last=
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
    while kill -s USR2 $$; do $vf_x sleep 1; done ) </dev/null >/dev/null 2>&1 3>&- 4>&- &
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
  vf_u X "$vf_k"
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
  [ -n "$D" ] && [ -p "\${D}o$vf_at" ]${merged ? '' : ' && [ -p "${D}e$vf_at" ]'} || { vf_u F "$1"; exit 1; }
  exec 3>"\${D}o$vf_at"
  ${merged ? 'exec 4>&3' : 'exec 4>"${D}e$vf_at"'}
}
vf_P() {
  vf_p "\x1e$N E $* $vf_at\n" >&3
  ${merged ? '' : 'vf_p "\x1e$N E $* $vf_at\n" >&4'}
  exec 3>&- 4>&-
  vf_at=$((vf_at + 1))
  vf_O "$1"
  exec 3>&- 4>&-
  vf_at=$((vf_at + 1))
}
vf_F() {
  { [ -n "$D" ] && mkfifo -m 600 "\${D}o"${merged ? '' : ' "${D}e"'}; } 2>/dev/null || { vf_u F "$1"; exit 1; }
  $vf_x ${quote(shellPath)} -c 'trap "" INT QUIT; cat; cat >/dev/null' <"\${D}o" & vf_c=$!
  ${merged ? '' : `$vf_x ${quote(shellPath)} -c 'trap "" INT QUIT; cat; cat >/dev/null' <"\${D}e" >&2 & vf_e=$!`}
  exec 3>"\${D}o"
  ${merged ? 'exec 4>&3' : 'exec 4>"${D}e"'}
  rm -f "\${D}o" "\${D}e"
}
vf_G() {
  vf_p "\x1e$N E $* $vf_c $vf_e\n" >&3
  ${merged ? '' : 'vf_p "\x1e$N E $* $vf_c $vf_e\n" >&4'}
  exec 3>&- 4>&-
  wait "$vf_c" $vf_e
  vf_c= vf_e=
}
# In a container, that file may be another one of the same name (lxcfs), with the numbers of its host; those of the kernel have no size.
vf_start() { vf_last=; [ ! -s /proc/loadavg ] && read -r vf_s vf_s vf_s vf_s vf_last </proc/loadavg && vf_now && vf_when=$vf_n; }
# Numbers are given to processes in turn, so what the commands have started is looked for among those given meanwhile; within a second they do not come
# round (there are 32768 at least). What forks while this looks has a number that is looked at then.
vf_clean() {
  vf_i=$vf_last vf_l=0
  [ -n "$vf_last" ] && vf_now && [ "$((vf_n - vf_when))" -lt 100 ] || return 1
  while read -r vf_s vf_s vf_s vf_s vf_o </proc/loadavg; do
    # The command itself had one.
    [ "$vf_o" != "$vf_i" ] || [ "$vf_i" = "$vf_last" ] || return 0
    [ "$vf_o" -gt "$vf_i" ] && [ "$((vf_o - vf_last))" -le ${LOOKED_AT + PASSED_OVER} ] || return 1
    while [ "$vf_i" -lt "$vf_o" ]; do
      vf_i=$((vf_i + 1)) vf_s=
      # What cannot be signalled cannot be ended either, and asking is cheaper than reading a line, which a shell does byte by byte.
      kill -0 "$vf_i" || continue
      vf_l=$((vf_l + 1))
      [ "$vf_l" -le ${LOOKED_AT} ] || return 1
      { read -r vf_s <"/proc/$vf_i/stat"; } 2>/dev/null || continue
      case $vf_s in *') '*) ;; *) return 1 ;; esac
      set -- \${vf_s##*) }
      [ "$4" != "$$" ] || [ "$1" = Z ] || return 1
    done
  done
  return 1
}
# All is done, and need not be ended by anybody: said to the listening shell, too.
vf_did() { [ -z "$D" ] || [ ! -e "\${D}w" ] || { vf_p 1 >"\${D}w"; } 2>/dev/null; }
vf_done() {
  vf_did
  if [ -n "$vf_x" ] && vf_clean 2>/dev/null; then vf_m J w; else vf_m J; exit; fi
}
vf_J() { [ -z "$vf_w" ] || { kill "$vf_w"; wait "$vf_w"; } 2>/dev/null; vf_w= vf_d=; }
`
}

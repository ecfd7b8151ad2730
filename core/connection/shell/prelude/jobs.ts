import { quote } from '../../quote.ts'
import { jobFunctions } from './job.ts'
import type { PreludeOptions } from './options.ts'

/**
 * How the listening shell begins a batch: `vf_job NONCE BEFORE PAIRS FIFO SCRIPT`. BEFORE: `left`, survivors of the last
 * job are looked for; `gone`, a job that was to wait has ended instead, as it has said. PAIRS: of FIFOs for outputs, or nothing where none is wanted. FIFO: the script comes through a FIFO to a
 * job that can wait for another batch, `1`, or ends behind this one, `0`; nothing: through a pipe, to a job of its own. A pipe needs a
 * process that writes into it. `vf_rest` lets a job go that waits, or sees one off that has
 * done all it was given.
 */
export const jobs = (options: PreludeOptions): string => `vf_r=${quote(jobFunctions(options))}
vf_rest() {
  exec 5>&-
  [ -z "$vf_pid" ] || wait "$vf_pid" 2>/dev/null
  vf_pid= vf_fed=
}
vf_begin() { trap - INT QUIT; exec $vf_x ${quote(options.shellPath)} -s -- "$D" "$vf_x" "$vf_l10n"; }
vf_began() {
  vf_pid=$1 vf_to=0
  [ -z "$vf_x" ] || vf_to=-$vf_pid
}
vf_fifo() {
  [ -n "$vf_x" ] && [ -n "$D" ] || return 1
  [ "$vf_made" != 0 ] || vf_pipes 0
  [ -p "\${D}i" ] || return 1
  exec 5>&-
  exec 5<>"\${D}i"
  { vf_begin; } <"\${D}i" 5>&- 9>&- &
  vf_began $!
  vf_fed=1
  vf_p "$vf_r" >&5
}
vf_job() {
  # mksh keeps a copy of what it closes, so its FIFO would have no end.
  [ -z "\${KSH_VERSION-}" ] || set -- "$1" "$2" "$3" '' "$5"
  N=$1
  # What was killed while it waited would read nothing. A zombie has no exe; a line of stat is read byte by byte.
  if [ "$2" = gone ] || { [ -n "$vf_fed" ] && [ ! -e "/proc/$vf_pid/exe" ] && vf_gone "$vf_pid"; }; then vf_fed=; fi
  [ -n "$4" ] || [ -z "$vf_fed" ] || vf_rest
  if [ -n "$vf_pid" ] && [ -z "$vf_fed" ]; then
    wait "$vf_pid" 2>/dev/null
    if [ "$2" = left ] && [ -n "$vf_x" ] && vf_kill 0 && vf_alive; then vf_m S; return 0; fi
    vf_pid=
  fi
  if [ -n "$D" ]; then [ -s "\${D}w" ] || vf_mixed=1
  elif [ -n "$3$4" ]; then vf_place; fi
  [ -z "$D" ] || [ "\${3:-0}" = 0 ] || vf_pairs "$3"
  [ -z "$D" ] || { true >"\${D}w"; } 2>/dev/null
  vf_f=\${3:-0}
  vf_t="N=$N vf_at=$vf_next
$5
"
  vf_next=$((vf_next + vf_f))
  if [ -n "$4" ] && { [ -n "$vf_fed" ] || vf_fifo; }; then
    vf_p "$vf_t" >&5
    [ "$4" = 1 ] || vf_fed=
  else
    { vf_p "$vf_r$vf_t"; } 9>&- | { vf_begin; } 5>&- 9>&- &
    vf_began $!
  fi
}
`

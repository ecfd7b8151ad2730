import type { PreludeOptions } from './options.ts'

/** How the listening shell tells whether a job lives, and ends it with all that is below it. */
export const ending = ({
  grace,
}: PreludeOptions): string => `# Of all the ways to write it, the one that dash, bash, mksh and busybox have in common for a group.
vf_kill() { kill "-$1" "$vf_to" 2>/dev/null; }
# A job that has no group of its own yet is told itself.
vf_tell() { vf_kill "$1" || kill "-$1" "$vf_pid" 2>/dev/null; }
# Whoever asks means a child of this shell: its number may have come to somebody else, whom nothing must be done to.
vf_gone() {
  vf_s=; { read -r vf_s </proc/"$1"/stat; } 2>/dev/null
  case \${vf_s##*) } in [!ZX]" $$ "*) return 1 ;; esac
  return 0
}
# In the groups of the job and of those below it that are known, zombies left aside.
vf_alive() {
  for vf_c in /proc/[0-9]*/stat; do
    vf_s=; { read -r vf_s <"$vf_c"; } 2>/dev/null
    case \${vf_s##*) } in '' | [ZX]*) continue ;; esac
    vf_s=\${vf_s##*) ? } vf_s=\${vf_s#* }
    case " $vf_to $vf_g " in *" -\${vf_s%% *} "*) return 0 ;; esac
  done
  return 1
}
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
# Frozen, the job cannot go on to anything meanwhile. It alone: what it is just about to start must come to its exec, or the job never stops.
vf_freeze() {
  [ -n "$vf_x" ] && kill -STOP "$vf_pid" 2>/dev/null || return 0
  vf_n=0
  while ! vf_gone "$vf_pid" && [ "$vf_n" -lt 500 ]; do
    case $vf_s in *') '[Tt]' '*) break ;; esac
    vf_n=$((vf_n + 1))
  done
}
vf_groups() { vf_c=1; for vf_s in $vf_g; do kill "-$1" "$vf_s" 2>/dev/null && vf_c=0; done; return "$vf_c"; }
# A zombie has a group too. To tell it from others takes a look at every process, which is done only now and then.
vf_left() {
  vf_groups 0 || { [ -n "$vf_x" ] && vf_kill 0; } || return 1
  [ "$((vf_n % 10))" != 9 ] || vf_alive
}
# A job without a group is not yet a shell of its own, and may forget that it was told: dash does.
vf_finish() {
  vf_freeze
  if [ -n "$vf_x" ] && ! vf_kill 0; then kill -KILL "$vf_pid" 2>/dev/null
  else
    vf_tell TERM
    vf_groups TERM
  fi
  vf_tell CONT
  vf_groups CONT
}
vf_end() {
  if [ -n "$vf_pid" ]; then
    vf_e=1 vf_g= vf_mixed=1
    [ -z "$1" ] || vf_tree
    vf_finish
    # mksh as the job puts TERM off until what it runs has ended, which may never be.
    [ -n "$vf_g" ] || [ -n "\${KSH_VERSION-}" ] || wait "$vf_pid" 2>/dev/null
    vf_n=0
    while vf_left; do
      if [ "$vf_n" -ge ${grace}0 ]; then vf_kill KILL; vf_groups KILL; fi
      [ "$vf_n" -lt ${grace + 2}0 ] || break
      sleep 0.1 2>/dev/null || { sleep 1; vf_n=$((vf_n + 9)); }
      vf_n=$((vf_n + 1))
    done
    vf_cease
    # What it has not read of its script goes with its FIFO's last end.
    exec 5>&-
    vf_pid= vf_fed= vf_e= vf_g=
  fi
  vf_m K
}
vf_stop() { [ -z "$vf_pid" ] || vf_freeze; vf_m A; }
vf_cont() { [ -z "$vf_pid" ] || vf_tell CONT; }
vf_deaf() { [ -n "$vf_ro" ] && [ "$vf_f" != 0 ] && { vf_gone "$vf_ro" || { [ -n "$vf_re" ] && vf_gone "$vf_re"; }; }; }
vf_poll() { if [ -n "$vf_pid" ] && { vf_gone "$vf_pid" || vf_deaf; }; then vf_end; else vf_m A; fi; }
vf_exit() {
  trap - EXIT
  trap '' HUP PIPE TERM
  # What has done all it was given ends by itself, and whatever it has left running stays. It may have been frozen just then.
  [ -z "$D" ] || [ ! -s "\${D}w" ] || [ -n "$vf_e" ] || { vf_cont; vf_rest; }
  for vf_s in $vf_ro $vf_re; do kill -TERM "$vf_s"; kill -CONT "$vf_s"; done 2>/dev/null
  # What was told to end is seen to, though its leader may be gone; what an ended job left behind is let be.
  if [ -n "$vf_pid" ] && { [ -n "$vf_e" ] || ! vf_gone "$vf_pid"; }; then
    if vf_gone "$vf_pid"; then vf_kill TERM; vf_kill CONT; else vf_finish; fi
    ( vf_n=0
      while vf_left && [ "$vf_n" -lt ${grace} ]; do sleep 1; vf_n=$((vf_n + 1)); done
      vf_remove
      vf_kill KILL
      vf_groups KILL ) </dev/null >/dev/null 2>&1 5>&- &
  else
    vf_remove
  fi
}
`

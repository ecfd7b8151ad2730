import type { PreludeOptions } from './options.ts'

/** Directories in which a private 0700 directory for FIFOs is tried, in this order; noexec does not matter. */
const FIFO_DIRECTORIES =
  '"${XDG_RUNTIME_DIR:-/run/user/$vf_uid}" /dev/shm /run /tmp /var/tmp "${HOME:-/}/.cache" "${HOME:-/}"'

/** Pairs of FIFOs that are made beyond those that are needed at once: one process makes them all. */
const PAIRS = 12

/** More are not kept. */
const KEPT_PAIRS = 64

/**
 * How the listening shell makes the FIFOs, reads users' commands from them, and stops reading what is still held open. D begins the paths of all
 * of them: with a name in the folder of the lease that it holds, which is private and was looked at, or with a folder of its own.
 *
 * Those in the folder of the lease stay there for the next run, if nobody can be writing into any of them when the lease is given up: `fifos` names
 * them. Who takes them empties that file first, so that what ends without a word leaves none to take.
 */
export const outputs = ({ nonce, merged }: PreludeOptions): string => `vf_place() {
  vf_mixed=
  if [ -n "$vf_held" ] && [ -w "$vf_folder" ]; then
    vf_take 2>/dev/null && return 0
    [ -z "$D" ] || rm -f "$D"*
    # A name of this shell's may be in use by the one that took it.
    vf_sets=$((vf_sets + 1))
    D=$vf_folder/.${nonce}-$vf_sets- vf_made=0
    return 0
  fi
  for vf_s in ${FIFO_DIRECTORIES}; do
    [ -d "$vf_s" ] && [ -w "$vf_s" ] || continue
    if mkdir -m 700 "$vf_s/.virtfleet-${nonce}" 2>/dev/null; then D=$vf_s/.virtfleet-${nonce}/; return 0; fi
  done
}
vf_take() {
  { [ -O "$vf_folder/fifos" ] && read -r vf_c vf_made <"$vf_folder/fifos"; } || return 1
  case $vf_c/$vf_made in */*[!0-9]* | */) return 1 ;; .*-/*) ;; *) return 1 ;; esac
  true >"$vf_folder/fifos" || return 1
  D=$vf_folder/$vf_c vf_n=0
  vf_fit i || return 1
  while [ "$vf_n" -lt "$vf_made" ]; do
    vf_n=$((vf_n + 1))
    { vf_fit "o$vf_n"${merged ? '' : ' && vf_fit "e$vf_n"'}; } || return 1
  done
}
vf_fit() { [ -p "$D$1" ] && [ -O "$D$1" ]; }
# What was used has been read until nobody had it open for writing; otherwise a reader was replaced, or a job ended before it had said that all is
# done, and that is vf_mixed.
vf_keep() {
  case $D in '' | */) return 0 ;; esac
  [ -z "$vf_mixed" ] && [ -s "\${D}w" ] && [ "$vf_made" -gt 0 ] && [ "$vf_made" -le ${KEPT_PAIRS} ] || return 0
  vf_cont
  vf_rest
  vf_cease
  vf_p "\${D##*/} $vf_made
" >"$vf_folder/fifos" && D= vf_made=0 vf_next=1
}
vf_remove() { case $D in */) rm -rf "$D" ;; ?*) rm -f "$D"* ;; esac; }
vf_read_o() { ( cd "\${D%/*}" && exec cat $vf_l 2>/dev/null ) </dev/null 5>&- 9>&- & vf_ro=$!; }
${merged ? 'vf_read_e() { :; }' : 'vf_read_e() { ( cd "${D%/*}" && exec cat $vf_l >&2 2>/dev/null ) </dev/null 5>&- 9>&- & vf_re=$!; }'}
vf_read() {
  vf_n=$2 vf_l=
  while [ "$vf_n" -le "$vf_made" ]; do vf_l="$vf_l \${D##*/}$1$vf_n"; vf_n=$((vf_n + 1)); done
  "vf_read_$1"
}
vf_pipes() {
  vf_n=$vf_made vf_l= vf_c=\${D##*/} vf_next=$((vf_made + 1)) vf_made=$((vf_made * 2 + $1 + ${PAIRS}))
  while [ "$vf_n" -lt "$vf_made" ]; do vf_n=$((vf_n + 1)); vf_l="$vf_l \${vf_c}o$vf_n${merged ? '' : ' ${vf_c}e$vf_n'}"; done
  [ -p "\${D}i" ] || vf_l="\${vf_c}i $vf_l"
  ( cd "\${D%/*}" && exec mkfifo -m 600 $vf_l ) 2>/dev/null
}
vf_pairs() {
  # One pair is always left: a reader that has come to its last one's end is gone.
  if [ "$((vf_next + $1))" -gt "$vf_made" ]; then
    vf_cease
    vf_pipes "$1"
  fi
  [ -n "$vf_ro" ] || { vf_read o "$vf_next"; vf_read e "$vf_next"; }
}
vf_hush() { [ -z "$1" ] || { kill -TERM "$1"; kill -CONT "$1"; wait "$1"; } 2>/dev/null; }
vf_cease() { vf_hush "$vf_ro"; vf_hush "$vf_re"; vf_ro= vf_re=; }
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
    [ "$vf_c" -ef "$D$2$3" ] || continue
    vf_mixed=1
    vf_hush "$1"
    vf_read "$2" "$(($3 + 1))"
    return 0
  done
  kill -CONT "$1" 2>/dev/null
}
vf_skip() { vf_over "$vf_ro" o "$1"; [ -z "$vf_re" ] || vf_over "$vf_re" e "$1"; }
`

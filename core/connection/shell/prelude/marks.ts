/** ksh's `print` where printf is a process of its own, whose arguments everybody sees. */
export const PRINT = `if [ -n "\${KSH_VERSION-}" ]; then vf_p() { print -rn -- "$1"; }; else vf_p() { printf %s "$1"; }; fi`

/** `vf_u` marks stdout alone, `vf_m` each stream: every mark is a packet, and two awakenings of the server. */
export const mark = (merged: boolean): string =>
  `vf_u() { vf_p "\x1e$N $*\n"; }\nvf_m() { vf_u "$@"${merged ? '' : '; vf_u "$@" >&2'}; }`

/** The listening shell's answers beside the batches. */
export const ANSWER = `vf_a() { vf_u L "$@"; }`

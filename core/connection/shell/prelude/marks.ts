/** ksh's `print` where printf is a process of its own, whose arguments everybody sees. */
export const PRINT = `if [ -n "\${KSH_VERSION-}" ]; then vf_p() { print -rn -- "$1"; }; else vf_p() { printf %s "$1"; }; fi`

export const mark = (merged: boolean): string =>
  merged ? `vf_m() { vf_p "\x1e$N $*\n"; }` : `vf_m() { vf_p "\x1e$N $*\n"; vf_p "\x1e$N $*\n" >&2; }`

/** The listening shell's answers beside the batches, on stdout alone. */
export const ANSWER = `vf_a() { vf_p "\x1e$N L $*\n"; }`

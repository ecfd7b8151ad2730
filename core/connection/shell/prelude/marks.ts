/** ksh's `print` where printf is a process of its own, whose arguments everybody sees. */
export const PRINT = `if [ -n "\${KSH_VERSION-}" ]; then vf_p() { print -rn -- "$1"; }; else vf_p() { printf %s "$1"; }; fi`

export const mark = (merged: boolean): string =>
  merged ? `vf_m() { vf_p "\x1e$N $*\n"; }` : `vf_m() { vf_p "\x1e$N $*\n"; vf_p "\x1e$N $*\n" >&2; }`

/** How a shell that was told nothing else writes marks of the nonce in `N`. */
export const marking = (merged: boolean): string => `${PRINT}\n${mark(merged)}`

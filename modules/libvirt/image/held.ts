import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { CommandResult } from '../../../core/connection/types.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'

/** Status of a script that came upon a file that is held. */
const HELD = 96

/**
 * Ends the script before it deletes any of these files where a QEMU has one of them open: on shared storage it may run on another
 * host, whose libvirt nobody asked, but its locks are seen here. Opening to write tells most, and writes nothing: it also finds raw
 * images, and bases of what runs. qemu-img is on every host, and sees who writes to a qcow2. What neither can open says nothing.
 */
export const endIfHeld = (files: readonly string[]): ShellText => sh`held() {
  [ -f "$1" ] || return 1
  case $({ qemu-io -f raw -c quit -- "$1"; qemu-img info -- "$1"; } 2>&1 </dev/null) in
    *'Failed to get '*' lock'*) return 0 ;;
  esac
  return 1
}
for f in ${files}; do if held "$f"; then printf '%s\\n' "$f"; exit ${HELD}; fi; done`

/** Raises ModuleFailure for what such a script said. */
export function refuseHeld(answer: CommandResult): void {
  if (answer.status !== HELD) return
  throw new ModuleFailure(`${answer.stdout.toString().trim()} is in use by a QEMU: nothing was deleted`, {
    hint: 'a guest on another host may have it, or a tool on this one, such as qemu-img or qemu-nbd',
  })
}

/** The same alone, where something else than a script deletes. */
export async function requireFree(host: Host, files: readonly string[]): Promise<void> {
  if (files.length > 0) refuseHeld(await host.run(endIfHeld(files)))
}

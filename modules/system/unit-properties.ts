import type { JointRead } from '../../core/connection/joint.ts'
import { type ShellText, sh } from '../../core/connection/quote.ts'
import { ModuleFailure } from '../../core/module/types.ts'

const PROPERTIES =
  'Id,LoadState,ActiveState,SubState,UnitFileState,FragmentPath,NeedDaemonReload,MainPID,Description,Type,RemainAfterExit'

/** Properties of units as `systemctl show` names them, of all that are asked for at once by one process. */
export const unitProperties = (systemctl: ShellText): JointRead<string, Readonly<Record<string, string>>> => ({
  key: (unit) => unit,
  most: 100,
  script: (units) => sh`${systemctl} show -p ${PROPERTIES} -- ${units}`,
  parse({ status, stdout, stderr }, units) {
    if (status === 127)
      throw new ModuleFailure('systemctl was not found on the host', { hint: 'only systemd is supported' })
    if (status !== 0) throw new ModuleFailure(`systemctl: ${stderr.toString().trim()}`)
    const found = stdout.toString().split('\n\n').map(propertiesOf)
    // A pattern is answered with as many units as it fits.
    if (units.length > 1 && found.length !== units.length) throw new ModuleFailure('systemctl told of other units')
    return units.map((_, i) => found[i] ?? {})
  },
})

function propertiesOf(block: string): Record<string, string> {
  return Object.fromEntries(
    block.split('\n').flatMap((line) => {
      const at = line.indexOf('=')
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : []
    }),
  )
}

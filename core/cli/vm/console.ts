import { ConnectionError } from '../../connection/index.ts'
import { openConsole } from '../../fleet/console.ts'
import { CliError, EXIT } from '../exit.ts'
import type { Streams } from '../streams.ts'
import type { FleetFlags } from './flags.ts'
import { lookAt } from './look-at.ts'
import { REFUSED, UNREACHABLE, withFleet } from './open.ts'
import { tell } from './print.ts'
import { joinTerminal, sizeOf } from './raw-terminal.ts'

export interface ConsoleFlags extends FleetFlags {
  device?: string
  force?: boolean
}

/** `virtfleet vm console`. */
export async function vmConsole(name: string, flags: ConsoleFlags, streams: Streams): Promise<number> {
  if (!streams.in.isTTY || !streams.out.isTTY)
    throw new CliError('a console needs a terminal', { hint: 'standard input and output must be one' })
  return withFleet(flags, streams, async (open) => {
    const found = await lookAt(open, name)
    const { device, force = false } = flags
    const channel = await openConsole(found, { size: sizeOf(streams), force, ...(device !== undefined && { device }) })
    const title = `${found.vm.name}@${found.vm.host}`
    tell(open, `console of ${title}; Ctrl-] leaves it`)
    try {
      const status = await joinTerminal(channel, streams)
      streams.err.write('\n')
      tell(open, `left the console of ${title}`)
      return status === 0 ? EXIT.ok : REFUSED
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      throw new CliError(`the console of ${title} ended: ${error.message}`, { exitCode: UNREACHABLE })
    }
  })
}

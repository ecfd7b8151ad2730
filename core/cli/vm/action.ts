import type { FoundVm } from '../../fleet/fleet.ts'
import type { Acted } from '../../fleet/power.ts'
import { EXIT } from '../exit.ts'
import type { Streams } from '../streams.ts'
import type { DataFlags } from './flags.ts'
import { type OpenFleet, withFleet } from './open.ts'
import { printJson, tell } from './print.ts'

/** The words of an action: `started`, and what is said where nothing was to be done. */
export interface ActionWords {
  readonly done: string
  readonly already: string
}

/** Finds a VM that is to be changed, acts on it, and tells what it came to. */
export function actOn(
  name: string,
  flags: DataFlags,
  streams: Streams,
  words: ActionWords,
  act: (found: FoundVm, open: OpenFleet) => Promise<Acted>,
): Promise<number> {
  return withFleet(flags, streams, async (open) => {
    const found = await open.fleet.find(name, 'change')
    const { vm } = found
    const { changed, state, reason } = await act(found, open)
    if (flags.output === 'json') {
      printJson(open, { name: vm.name, host: vm.host, uuid: vm.uuid, changed, state, reason: reason ?? null })
    } else tell(open, `${vm.name}@${vm.host}: ${changed ? words.done : words.already} (${state})`)
    return EXIT.ok
  })
}

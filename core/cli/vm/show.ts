import { detailsOf } from '../../fleet/details.ts'
import { printable } from '../../report/index.ts'
import { EXIT } from '../exit.ts'
import type { Streams } from '../streams.ts'
import type { DataFlags } from './flags.ts'
import { lookAt } from './look-at.ts'
import { withFleet } from './open.ts'
import { printJson, printLines } from './print.ts'
import { showDocument, showLines } from './show-view.ts'

export interface ShowFlags extends DataFlags {
  xml?: boolean
}

/** `virtfleet vm show`. */
export function show(name: string, flags: ShowFlags, streams: Streams): Promise<number> {
  return withFleet(flags, streams, async (open) => {
    const found = await lookAt(open, name)
    const details = await detailsOf(found)
    if (flags.output === 'json') printJson(open, showDocument(found.vm, details))
    else printLines(open, flags.xml ? details.xml.trimEnd().split('\n').map(printable) : showLines(found.vm, details))
    return EXIT.ok
  })
}

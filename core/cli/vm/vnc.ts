import { type Display, displayOf } from '../../fleet/display.ts'
import { openTunnel } from '../../fleet/tunnel.ts'
import { EXIT } from '../exit.ts'
import type { Streams } from '../streams.ts'
import type { DataFlags } from './flags.ts'
import { lookAt } from './look-at.ts'
import { type OpenFleet, UNREACHABLE, withFleet } from './open.ts'
import { printJson, tell } from './print.ts'
import { untilInterrupted } from './until-interrupted.ts'

export interface VncFlags extends DataFlags {
  port?: number
  spice?: boolean
  vnc?: boolean
}

/** Clients take small numbers for displays, counted from 5900. */
const FIRST_PORT = 5901
const PORTS = 99

/** `virtfleet vm vnc`. */
export function vnc(name: string, flags: VncFlags, streams: Streams): Promise<number> {
  const type = flags.spice ? 'spice' : flags.vnc ? 'vnc' : undefined
  return withFleet(flags, streams, async (open) => {
    const found = await lookAt(open, name)
    const display = await displayOf(found, type)
    const connection = await found.host.connection()
    const tunnel = await openTunnel(connection, display.at, {
      ports: flags.port === undefined ? [...Array.from({ length: PORTS }, (_, i) => FIRST_PORT + i), 0] : [flags.port],
      onError: (error) => tell(open, `the display cannot be reached: ${error.message}`),
    })
    try {
      say(open, flags, display, tunnel.port)
      return await untilInterrupted(async (signal) => {
        const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        const lost = connection.closed.then(({ reason }) =>
          tell(open, `the connection to ${found.host.name} ended: ${reason}`),
        )
        await Promise.race([ended, lost])
        return signal.aborted ? EXIT.ok : UNREACHABLE
      })
    } finally {
      tunnel.close()
    }
  })
}

function say(open: OpenFleet, flags: VncFlags, display: Display, port: number): void {
  const address = `${display.type}://127.0.0.1:${port}`
  if (flags.output === 'json') {
    printJson(open, { type: display.type, address, port, password: display.password, tls: display.tls })
  } else open.streams.out.write(`${address}\n`)
  if (display.tls) tell(open, 'it speaks TLS')
  tell(open, display.password ? 'it asks for a password, which is in the definition' : 'it asks for no password')
  tell(open, 'open until Ctrl-C')
}

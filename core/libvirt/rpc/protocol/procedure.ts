import { PROGRAM } from '../wire/packet.ts'
import { type Codec, struct, uint } from '../xdr/codec.ts'
import { text } from './objects.ts'

/** One procedure of one of the daemon's programs. */
export interface Procedure<A, R> {
  readonly program: number
  readonly number: number
  readonly args: Codec<A>
  readonly reply: Codec<R>
}

/** One of the main program: its number, arguments, reply. */
export const of = <A, R>(number: number, args: Codec<A>, reply: Codec<R>): Procedure<A, R> => ({
  program: PROGRAM.remote,
  number,
  args,
  reply,
})

/** Nearly every call ends with its flags. */
export const flags = uint
export const xml = struct({ xml: text })
export const named = struct({ name: text })

import { type DomainRef, uuidBytes } from '../../../../core/libvirt/rpc/protocol/objects.ts'
import { connect, type Procedure } from '../../../../core/libvirt/rpc/protocol/procedures.ts'
import type { Packet } from '../../../../core/libvirt/rpc/wire/packet.ts'
import { decode, type Peer, refusalOf, reply } from './daemon.ts'

export const UUID = '6695eb01-f6a4-8304-79aa-97f2502e193f'
export const OTHER = 'dd8fe884-6c02-601e-7551-cca97df1c5df'
export const ref = (name: string, uuid = UUID): DomainRef => ({ name, uuid: uuidBytes(uuid) as Buffer, id: -1 })

/** What a daemon answers to each procedure; a function may look at the call. */
export class Script {
  readonly #answers = new Map<number, (sent: Packet) => Buffer>()
  readonly #held = new Map<number, Buffer[]>()

  constructor() {
    this.say(connect.authList, () => ({ types: [0] }))
    this.say(connect.open, () => undefined)
    this.say(connect.close, () => undefined)
  }

  say<A, R>(procedure: Procedure<A, R>, answer: (args: A) => R): this {
    this.#answers.set(procedure.number, (sent) => reply(sent, procedure, answer(decode(procedure.args, sent.payload))))
    return this
  }

  refuse<A, R>(procedure: Procedure<A, R>, code: number, message: string): this {
    this.#answers.set(procedure.number, (sent) => refusalOf(sent, code, message))
    return this
  }

  /** Keeps the answers back, until released. */
  hold<A, R>(procedure: Procedure<A, R>): this {
    this.#held.set(procedure.number, [])
    return this
  }

  release<A, R>(procedure: Procedure<A, R>, peer: Peer): void {
    const held = this.#held.get(procedure.number) ?? []
    this.#held.delete(procedure.number)
    peer.server.write(Buffer.concat(held))
  }

  readonly answer = (sent: Packet, peer: Peer): void => {
    const made = this.#answers.get(sent.procedure)
    if (!made) throw new Error(`nobody expected procedure ${sent.procedure}`)
    const held = this.#held.get(sent.procedure)
    if (held) held.push(made(sent))
    else peer.server.write(made(sent))
  }
}

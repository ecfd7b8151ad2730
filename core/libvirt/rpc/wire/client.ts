import type { Duplex } from 'node:stream'
import { LibvirtError, LibvirtLost, LibvirtNotAsked } from '../../errors.ts'
import { errorReply } from '../protocol/objects.ts'
import type { Procedure } from '../protocol/procedures.ts'
import { MalformedPacket } from '../xdr/malformed.ts'
import { XdrReader } from '../xdr/reader.ts'
import { Keepalive, type KeepaliveTimes } from './keepalive.ts'
import { Outlet } from './outlet.ts'
import { type Header, type Packet, PacketSplitter, PROGRAM, STATUS, TYPE } from './packet.ts'
import { RpcStream } from './stream.ts'

/** Reads a reply; raises MalformedPacket. */
interface Reply<R> {
  read(reader: XdrReader): R
}

interface Pending {
  readonly program: number
  readonly number: number
  readonly reply: Reply<unknown>
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: unknown) => void
}

export interface ClientOptions {
  readonly keepalive?: KeepaliveTimes
  /** Gets every event, as it comes; raises MalformedPacket. */
  readonly event?: (procedure: number, payload: Buffer) => void
  /** Whether events are waited for. */
  readonly listening?: () => boolean
  /** Why the stream ended, asked once it has. */
  readonly why?: () => Promise<Error>
}

/**
 * libvirt's remote procedure calls over any byte stream. Calls of one tick leave in one write; the daemon works on them at
 * the same time and answers in any order. The first malformed packet ends everything.
 */
export class RpcClient {
  readonly #wire: Duplex
  readonly #outlet: Outlet
  readonly #options: ClientOptions
  readonly #splitter = new PacketSplitter()
  readonly #keepalive: Keepalive
  readonly #pending = new Map<number, Pending>()
  readonly #streams = new Map<number, RpcStream>()
  #serial = 0
  #end: Error | undefined
  #ended!: (reason: Error) => void
  /** Settles once, with why there are no more calls. */
  readonly closed = new Promise<Error>((resolve) => {
    this.#ended = resolve
  })

  constructor(wire: Duplex, options: ClientOptions = {}) {
    this.#wire = wire
    this.#outlet = new Outlet(wire)
    this.#options = options
    this.#keepalive = new Keepalive({
      ...(options.keepalive && { times: options.keepalive }),
      ping: () => this.#outlet.send(keepaliveHeader(1), noPayload),
      dead: (reason) => this.#fail(new LibvirtLost(reason)),
      atWork: () => (this.#streams.size > 0 ? Number.POSITIVE_INFINITY : this.#pending.size),
      listening: options.listening ?? (() => false),
    })
    wire.on('data', (piece: Buffer) => this.#take(piece))
    for (const event of ['error', 'end', 'close'] as const) wire.once(event, (error?: unknown) => this.#over(error))
    // It may have ended before anybody listened.
    if (wire.destroyed) queueMicrotask(() => this.#over(wire.errored))
  }

  /** Calls that are not answered yet. */
  get pending(): number {
    return this.#pending.size
  }

  /** Raises LibvirtError: the daemon's own, LibvirtNotAsked if it was not sent, LibvirtLost if its outcome is not known. */
  call<A, R>(procedure: Procedure<A, R>, args: A): Promise<R> {
    return this.#ask(this.#nextSerial(), procedure, args, procedure.reply)
  }

  /** A call that opens a stream of data; it is there once the daemon has said yes. */
  stream<A>(procedure: Procedure<A, undefined>, args: A): Promise<RpcStream> {
    const { program, number } = procedure
    const serial = this.#nextSerial()
    const read = (): RpcStream => {
      const stream = new RpcStream({
        send: (type, status, payload) =>
          this.#outlet.send({ program, version: 1, procedure: number, type, serial, status }, payload),
        drained: () => this.#outlet.drained(),
        pause: () => this.#wire.pause(),
        resume: () => this.#wire.resume(),
        over: () => this.#streams.delete(serial),
      })
      this.#streams.set(serial, stream)
      return stream
    }
    return this.#ask(serial, procedure, args, { read })
  }

  /** Ends the connection; what is under way is not known to have been done. */
  close(reason: Error = new LibvirtNotAsked('the connection to libvirt is closed')): void {
    this.#fail(reason)
  }

  #ask<A, R>(serial: number, procedure: Procedure<A, unknown>, args: A, reply: Reply<R>): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (this.#end) throw this.#end instanceof LibvirtError ? new LibvirtNotAsked(this.#end.message) : this.#end
      const { program, number } = procedure
      try {
        this.#outlet.send(callHeader(program, number, serial), (to) => procedure.args.write(to, args))
      } catch (error) {
        if (error instanceof RangeError) throw new LibvirtNotAsked(error.message)
        throw error
      }
      this.#pending.set(serial, { program, number, reply, resolve: resolve as (reply: unknown) => void, reject })
      this.#keepalive.watch()
    })
  }

  #nextSerial(): number {
    do this.#serial = (this.#serial % 0xffff_ffff) + 1
    while (this.#pending.has(this.#serial) || this.#streams.has(this.#serial))
    return this.#serial
  }

  #take(piece: Buffer): void {
    if (this.#end) return
    this.#keepalive.heard()
    try {
      for (const packet of this.#splitter.push(piece)) {
        this.#handle(packet)
        if (this.#end) return
      }
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error
      this.#fail(new LibvirtLost(error.message))
    }
  }

  #handle(packet: Packet): void {
    const { program, version, type, serial, procedure, payload } = packet
    const stream = this.#streams.get(serial)
    if (program === PROGRAM.keepalive) this.#answerPing(packet)
    else if ((program !== PROGRAM.remote && program !== PROGRAM.qemu) || version !== 1) {
      throw new MalformedPacket(`program 0x${program.toString(16)} version ${version}`)
    } else if (type === TYPE.message) this.#options.event?.(procedure, payload)
    else if (stream && (type === TYPE.stream || type === TYPE.hole || type === TYPE.reply)) stream.take(packet)
    else if (type === TYPE.reply) this.#reply(packet)
    // The daemon may still be sending when a stream is over.
    else if (type !== TYPE.stream && type !== TYPE.hole) throw new MalformedPacket(`a packet of type ${type}`)
  }

  #reply({ serial, procedure, program, status, payload }: Packet): void {
    const pending = this.#pending.get(serial)
    if (!pending || pending.number !== procedure || pending.program !== program) {
      throw new MalformedPacket(`an answer to a call that was not made (serial ${serial}, procedure ${procedure})`)
    }
    if (status !== STATUS.ok && status !== STATUS.error) throw new MalformedPacket(`status ${status} of an answer`)
    const reader = new XdrReader(payload)
    const answer = status === STATUS.error ? readError(reader) : pending.reply.read(reader)
    reader.end()
    this.#pending.delete(serial)
    if (status === STATUS.error) pending.reject(answer)
    else pending.resolve(answer)
  }

  #answerPing({ procedure, version }: Packet): void {
    if (version !== 1) throw new MalformedPacket(`keepalive version ${version}`)
    if (procedure === 1) this.#outlet.send(keepaliveHeader(2), noPayload)
    else if (procedure !== 2) throw new MalformedPacket(`keepalive procedure ${procedure}`)
  }

  /** The stream has ended; the one who opened it may know why. */
  #over(error: unknown): void {
    if (this.#end) return
    const otherwise = new LibvirtLost(error instanceof Error ? error.message : 'the daemon closed the connection')
    const why = this.#options.why ?? (async () => otherwise)
    why().then(
      (reason) => this.#fail(reason),
      () => this.#fail(otherwise),
    )
  }

  #fail(reason: Error): void {
    if (this.#end) return
    this.#end = reason
    this.#keepalive.stop()
    this.#outlet.close()
    this.#wire.destroy()
    // What is not libvirt's (the host's connection is lost) says itself what it means.
    const unknown = `${reason.message}; whether libvirt did what was asked is not known`
    const lost = reason instanceof LibvirtError ? new LibvirtLost(unknown) : reason
    for (const { reject } of this.#pending.values()) reject(lost)
    for (const stream of this.#streams.values()) stream.lost(lost)
    this.#pending.clear()
    this.#streams.clear()
    this.#ended(reason)
  }
}

const noPayload = (): void => undefined

const callHeader = (program: number, procedure: number, serial: number): Header => ({
  program,
  version: 1,
  procedure,
  type: TYPE.call,
  serial,
  status: STATUS.ok,
})

const keepaliveHeader = (procedure: 1 | 2): Header => ({
  program: PROGRAM.keepalive,
  version: 1,
  procedure,
  type: TYPE.message,
  serial: 0,
  status: STATUS.ok,
})

/** The daemon's error; libvirt leaves the message out where it has none. */
export function readError(reader: XdrReader): LibvirtError {
  const { code, domain, message } = errorReply.read(reader)
  return new LibvirtError(message ?? `libvirt's error ${code}`, code, domain)
}

import { Readable } from 'node:stream'
import type { DomainEvent, LifecycleEvent, NativeLibvirt, TransferOptions } from '../../api/native.ts'
import { uuidText } from '../protocol/objects.ts'
import { storage } from '../protocol/procedures.ts'
import type { RawEvent } from '../session/event-hub.ts'
import type { RpcSession } from '../session/session.ts'
import { jobOf } from './parameters.ts'
import type { Rpc } from './rpc.ts'
import { volumeRef } from './storage.ts'
import { readPieces, writePieces } from './transfer.ts'

/** VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM and VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM. */
const SPARSE = 1

/** Events and transfers. A transfer has a session of its own, so that it holds up nothing else; `another` opens one. */
export function rpcNative(rpc: Rpc, another: () => Promise<RpcSession>): NativeLibvirt {
  return {
    async subscribe(kinds, listener) {
      const session = await rpc.session()
      const end = await session.events.listen(kinds, (event) => listener(domainEvent(event)))
      return { lost: session.closed, end }
    },
    async uploadVolume(pool, name, content, options = {}) {
      // It may break before anybody reads it; who reads it is told then.
      content.on('error', () => undefined)
      const session = await another()
      try {
        await rpc.change(`pool ${pool}`, async () => {
          // libvirt cuts a file off at each hole: only where nothing of it is to stay.
          const sparse = options.offset === undefined && options.length === undefined
          const stream = await session.stream(storage.upload, range(pool, name, options, sparse))
          await writePieces(stream, content, { sparse, ...(options.signal && { signal: options.signal }) })
        })
      } finally {
        await session.close()
      }
    },
    async downloadVolume(pool, name, options = {}) {
      const session = await another()
      try {
        const stream = await session.stream(storage.download, range(pool, name, options, true))
        const pieces = readPieces(stream, options.signal)
        return Readable.from(closing(pieces, session), { objectMode: false })
      } catch (error) {
        await session.close()
        throw error
      }
    },
  }
}

function range(pool: string, name: string, { offset = 0, length = 0 }: TransferOptions, sparse: boolean) {
  return {
    volume: volumeRef(pool, name),
    offset: BigInt(offset),
    length: BigInt(length),
    flags: sparse ? SPARSE : 0,
  }
}

async function* closing(pieces: AsyncIterable<Buffer>, session: RpcSession): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* pieces
  } finally {
    await session.close()
  }
}

const LIFECYCLE: readonly LifecycleEvent[] = [
  'defined',
  'undefined',
  'started',
  'suspended',
  'resumed',
  'stopped',
  'shutdown',
  'pmsuspended',
  'crashed',
]
/** virConnectDomainEventBlockJobStatus. */
const BLOCK_STATUS = ['completed', 'failed', 'canceled', 'ready'] as const
const AGENT_CONNECTED = 1
/** A job that is over says so in its event. */
const JOB_COMPLETED = 3

function domainEvent(raw: RawEvent): DomainEvent {
  const { domain } = raw.message
  const about = { name: domain.name, uuid: uuidText(domain.uuid) }
  switch (raw.kind) {
    case 'lifecycle': {
      const { event, detail } = raw.message
      return { ...about, kind: raw.kind, event: LIFECYCLE[event] ?? 'unknown', detail }
    }
    case 'reboot':
      return { ...about, kind: raw.kind }
    case 'device removed':
    case 'device removal failed':
      return { ...about, kind: raw.kind, alias: raw.message.alias }
    case 'agent lifecycle':
      return { ...about, kind: raw.kind, connected: raw.message.state === AGENT_CONNECTED }
    case 'migration iteration':
      return { ...about, kind: raw.kind, iteration: raw.message.iteration }
    case 'job completed':
      return { ...about, kind: raw.kind, job: jobOf(JOB_COMPLETED, raw.message.parameters) }
    case 'block job':
      return { ...about, kind: raw.kind, disk: raw.message.disk, status: BLOCK_STATUS[raw.message.status] ?? 'unknown' }
  }
}

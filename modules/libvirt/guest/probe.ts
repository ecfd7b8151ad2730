import { createHash, randomBytes } from 'node:crypto'
import { sh } from '../../../core/connection/quote.ts'
import type { Json, JsonObject } from '../../../core/events/json.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import type { Answer } from '../daemon/ask.ts'
import type { GuestArgs } from './args.ts'
import { type GuestDisks, guestDisks } from './disks.ts'
import { DIRECT, fish, fishWord, imageOptions } from './fish.ts'
import { readFreeSpace, readInspection } from './inspection.ts'
import { LIST_PARTS, listCommands, readListing } from './listing.ts'
import { complaint, hasNoSystem, remedy } from './said.ts'
import { STAMPS, stampsOf } from './stamps.ts'

export interface GuestState {
  readonly answer: Answer<GuestDisks | undefined>
  readonly check: boolean
  readonly tools: boolean
  /** What is to be in the guest, by path. */
  readonly contents: ReadonlyMap<string, Buffer>
  /** SHA-256 of the files in it, and of those on the host, by path; none for what is not there. */
  readonly inGuest: ReadonlyMap<string, string>
  readonly onHost: ReadonlyMap<string, string>
  /** Which customizations it has had. */
  readonly stamps: ReadonlySet<string>
  readonly facts: JsonObject
}

/** An appliance takes half a minute where it is emulated, and longer where the host is busy. */
const PATIENCE_MS = 600_000

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

export async function probeGuest(host: Reader, a: GuestArgs): Promise<GuestState> {
  const [answer, tools, contents, onHost] = await Promise.all([
    guestDisks(host, a),
    host.read(sh`command -v guestfish >/dev/null 2>&1 && command -v virt-inspector >/dev/null 2>&1`),
    contentsOf(host, a),
    digestsOnHost(host, a),
  ])
  const state = { answer, check: host.check, tools: tools.status === 0, contents, onHost }
  const none = { inGuest: new Map(), stamps: new Set<string>(), facts: {} }
  const found = answer.kind === 'answer' ? answer.value : undefined
  if (!found || found.refusal !== undefined || !state.tools || found.disks.length === 0) return { ...state, ...none }
  return { ...state, ...(await look(host, a, found)) }
}

async function contentsOf(host: Reader, a: GuestArgs): Promise<Map<string, Buffer>> {
  const pairs = a.copy_in.map(async ({ dest, src, content }): Promise<[string, Buffer]> => {
    if (src === undefined) return [dest, Buffer.from(content ?? '')]
    return [dest, await host.files.read(await host.files.find('files', src))]
  })
  return new Map(await Promise.all(pairs))
}

async function digestsOnHost(host: Reader, a: GuestArgs): Promise<Map<string, string>> {
  if (a.copy_out.length === 0) return new Map()
  const answer = await host.read(
    sh`for f in ${a.copy_out.map((one) => one.dest)}; do if [ -f "$f" ]; then sha256sum <"$f"; else echo none; fi; done`,
    { timeoutMs: PATIENCE_MS },
  )
  const lines = answer.stdout.toString().split('\n')
  return new Map(
    a.copy_out.flatMap(({ dest }, i) => {
      const sum = /^[0-9a-f]{64}/.exec(lines[i] ?? '')?.[0]
      return sum === undefined ? [] : [[dest, sum] as const]
    }),
  )
}

/** Of disks without a system. */
const NOTHING_KNOWN: Pick<GuestState, 'inGuest' | 'stamps' | 'facts'> = {
  inGuest: new Map(),
  stamps: new Set(),
  facts: { inspection: null, free_space: [] },
}

async function look(
  host: Reader,
  a: GuestArgs,
  { disks }: GuestDisks,
): Promise<Pick<GuestState, 'inGuest' | 'stamps' | 'facts'>> {
  const paths = [...a.copy_in.map((one) => one.dest), ...a.copy_out.map((one) => one.src)]
  const wantsStamps = stampsOf(a).length > 0
  const mark = randomBytes(12).toString('hex')
  const commands = [
    `echo ${mark}`,
    'df',
    ...paths.flatMap((path) => [`echo ${mark}`, `-checksum sha256 ${fishWord(path)}`]),
    ...a.list.flatMap((folder) => listCommands(folder).flatMap((one) => [`echo ${mark}`, one])),
    `echo ${mark}`,
    ...(wantsStamps ? [`-ls ${fishWord(STAMPS)}`] : []),
  ]
  const inspector = sh`virt-inspector --no-applications --no-icon ${imageOptions(disks)}`
  const script = sh`${DIRECT}
${fish(disks, commands)} || exit
echo ${mark}
${a.inspect ? inspector : sh`:`}`
  const answer = await host.read(script, { timeoutMs: PATIENCE_MS })
  if (answer.status !== 0) {
    const said = complaint(answer)
    const whatOnly = paths.length === 0 && a.list.length === 0 && !wantsStamps
    if (whatOnly && hasNoSystem(said)) return NOTHING_KNOWN
    throw new ModuleFailure(`the guest cannot be looked into: ${said || `status ${answer.status}`}`, {
      hint: remedy(said),
    })
  }
  const [, df = '', ...rest] = answer.stdout.toString().split(`${mark}\n`)
  const sums = rest.slice(0, paths.length).map((text) => /^[0-9a-f]{64}/.exec(text)?.[0])
  const listed = a.list.map((folder, i): [string, Json] => {
    const begin = paths.length + i * LIST_PARTS
    return [folder, readListing(folder, rest.slice(begin, begin + LIST_PARTS))]
  })
  const [stamps = '', inspection = ''] = rest.slice(paths.length + a.list.length * LIST_PARTS)
  return {
    inGuest: new Map(paths.flatMap((path, i) => (sums[i] === undefined ? [] : [[path, sums[i]] as const]))),
    stamps: new Set(stamps.split('\n').filter((line) => /^[0-9a-f]{64}$/.test(line))),
    facts: {
      ...(a.inspect && { inspection: readInspection(inspection) ?? null, free_space: readFreeSpace(df) }),
      ...(a.list.length > 0 && { listing: Object.fromEntries(listed) }),
    },
  }
}

import { dirname } from 'node:path'
import { type ShellText, sh } from '../../../core/connection/quote.ts'
import { type Change, type Host, ModuleFailure } from '../../../core/module/types.ts'
import { requireAnswer } from '../daemon/ask.ts'
import type { GuestArgs } from './args.ts'
import type { GuestDisk } from './disks.ts'
import { DIRECT, fish, fishWord } from './fish.ts'
import type { GuestState } from './probe.ts'
import { complaint } from './said.ts'
import { STAMPS, type Stamp, stampsOf } from './stamps.ts'
import { toolCommand } from './tools.ts'

/** Packages over a slow line, in an emulated appliance. */
const PATIENCE = { timeoutMs: 4 * 3_600_000, timeoutBy: 'controller' } as const

/**
 * Works on overlays of the disks, in a folder of its own, and merges them when all went well: of a failure the disks see nothing.
 * Contents and passwords come by standard input.
 */
export async function applyGuest(
  host: Host,
  a: GuestArgs,
  state: GuestState,
  changes: readonly Change[],
): Promise<undefined> {
  const found = requireAnswer(state.answer)
  if (!found) throw new ModuleFailure(`there is no domain '${a.domain}'`)
  const due = new Set(changes.map((one) => one.path))
  const ins = a.copy_in.filter((one) => due.has(`in:${one.dest}`))
  const outs = a.copy_out.filter((one) => due.has(`out:${one.dest}`))
  const stamps = stampsOf(a).filter((one) => due.has(one.what))
  const passwords = stamps.some((one) => one.what === 'customize') ? Object.entries(a.customize?.passwords ?? {}) : []
  for (const [, word] of passwords) host.secret(word)
  const inputs = [...ins.map((one) => state.contents.get(one.dest)!), ...passwords.map(([, word]) => Buffer.from(word))]
  const work = found.disks.map((_, i): GuestDisk => ({ file: `./disk-${i}.qcow2`, format: 'qcow2' }))
  const users = passwords.map(([user], i) => ({ user, file: `./${ins.length + i}` }))
  const writing =
    ins.length + stamps.length === 0
      ? []
      : [
          ...found.disks.map(
            ({ file, format }, i) => sh`qemu-img create -q -f qcow2 -F ${format} -b ${file} -- ${work[i]!.file}`,
          ),
          ...(stamps.length > 0 ? [toolCommand(a, stamps, work, users)] : []),
          fish(work, filesAndStamps(ins, stamps), true),
          ...work.map(({ file }) => sh`qemu-img commit -q -f qcow2 -- ${file}`),
        ]
  const reading = outs.map((one) => copyOut(found.disks, one))
  const script = sh`umask 077
D=$(mktemp -d /var/tmp/virtfleet.XXXXXX) || exit 1
trap 'cd /; rm -rf "$D"' EXIT; trap 'exit 143' HUP INT TERM
cd "$D" || exit 1
cat >all || exit 1
${unpack(inputs)}
${DIRECT}
set -e
${sh.join([...writing, ...reading])}`
  host.progress(`working on the disks of ${a.domain ?? a.image}`)
  const answer = await host.run(script, { ...PATIENCE, stdin: Buffer.concat(inputs) })
  if (answer.status === 0) return undefined
  throw new ModuleFailure(`the guest was left as it was: ${complaint(answer) || `status ${answer.status}`}`)
}

/** Contents that came as one into the files 0, 1 … of the folder. */
function unpack(inputs: readonly Buffer[]): ShellText {
  let offset = 1
  return sh.join(
    inputs.map((content, i) => {
      const start = offset
      offset += content.length
      return sh`tail -c +${start} all | head -c ${content.length} >${`./${i}`} || exit 1`
    }),
  )
}

function filesAndStamps(ins: GuestArgs['copy_in'], stamps: readonly Stamp[]): string[] {
  const files = ins.flatMap(({ dest, mode }, i) => [
    `mkdir-p ${fishWord(dirname(dest))}`,
    `upload ${i} ${fishWord(dest)}`,
    `chmod 0${mode.replace(/^0o?/, '') || '0'} ${fishWord(dest)}`,
  ])
  const done = stamps.flatMap(({ name }) => [`mkdir-p ${fishWord(STAMPS)}`, `touch ${fishWord(`${STAMPS}/${name}`)}`])
  return [...files, ...done]
}

/** Beside its place, then there. */
function copyOut(disks: readonly GuestDisk[], { src, dest }: GuestArgs['copy_out'][number]): ShellText {
  const part = `${dest}.virtfleet.part`
  return sh`{ ${fish(disks, [`download ${fishWord(src)} ${fishWord(part)}`])} && mv -f -- ${part} ${dest}; } || { rm -f -- ${part}; exit 1; }`
}

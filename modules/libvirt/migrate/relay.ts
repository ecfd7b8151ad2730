import type { Duplex } from 'node:stream'
import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { Channel } from '../../../core/connection/types.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'

/*
 * The source's virsh speaks to the destination's libvirt through the controller, which reaches both: no key and no open
 * port on hypervisors. virsh runs a program as its transport (qemu+ext); that program is two FIFOs, whose other ends are
 * a channel of ours. On the destination two more FIFOs lead to virt-ssh-helper, run as the user of the task.
 */

/** A folder with the FIFOs `up` (to the controller) and `down`, and the channel that pumps them. */
interface Pump {
  readonly folder: string
  readonly stream: Duplex
  readonly channel: Channel
}

/** A relay that is up: give the URI to virsh on the source. */
export interface Relay {
  readonly uri: string
  /** Settles when the destination's helper has ended; its text tells why. */
  readonly helper: Promise<string>
  close(): Promise<void>
}

const PUMP = sh.raw(`umask 077; d=$(mktemp -d /tmp/virtfleet.XXXXXX) && mkfifo "$d/up" "$d/down" || exit 1
trap 'rm -rf "$d"' EXIT; trap 'exit 143' HUP INT TERM
printf '%s\\n' "$d"
cat "$d/up" & cat >"$d/down"; wait`)

/** Folders a program can be run in, where /tmp is mounted noexec. */
const PROGRAM_FOLDERS = ['/var/lib/virtfleet', '/var/tmp', '/root', '/tmp']

/** Opens the way from the source to the destination's libvirt. Raises ModuleFailure. */
export async function openRelay(source: Host, target: Host): Promise<Relay> {
  const ends = await Promise.all([openPump(source), openPump(target)])
  const [from, to] = ends
  const program = await writeProgram(source, from.folder)
  const helper = runHelper(target, to.folder)
  // Not pipeline(): it would destroy one side with the last answer still in it as soon as the other side is closed.
  for (const { stream } of ends) stream.on('error', () => stream.destroy())
  from.stream.pipe(to.stream).pipe(from.stream)
  return {
    uri: `qemu+ext:///system?command=${encodeURIComponent(program)}`,
    helper,
    async close() {
      for (const { stream } of ends) stream.destroy()
      await Promise.all([release(source, from.folder, program), release(target, to.folder)])
      for (const { channel } of ends) channel.close()
      await helper
    },
  }
}

async function openPump(host: Host): Promise<Pump> {
  const connection = await host.connection()
  const channel = await connection.open(PUMP)
  const { stream } = channel
  const folder = await firstLine(stream, host)
  return { folder, stream, channel }
}

/** Reads up to the first line break and puts the rest back. */
async function firstLine(stream: Duplex, host: Host): Promise<string> {
  const end = Date.now() + 20_000
  let seen = Buffer.alloc(0)
  while (Date.now() < end) {
    const chunk: Buffer | null = stream.read()
    if (chunk === null) {
      if (stream.readableEnded || stream.destroyed) break
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 1000)
        stream.once('readable', () => {
          clearTimeout(timer)
          resolve(undefined)
        })
      })
      continue
    }
    seen = Buffer.concat([seen, chunk])
    const at = seen.indexOf(10)
    if (at < 0) continue
    if (at + 1 < seen.length) stream.unshift(seen.subarray(at + 1))
    return seen.subarray(0, at).toString('utf8')
  }
  throw new ModuleFailure(
    `no relay could be opened on ${host.name}: ${seen.toString('utf8').trim() || 'mktemp or mkfifo failed in /tmp'}`,
  )
}

/** The program virsh runs: bytes from `down` to its stdout, from its stdin to `up`. */
async function writeProgram(host: Host, folder: string): Promise<string> {
  // Ends with the destination, so that virsh sees the end at once and not when its keepalive gives up.
  const text = `#!/bin/sh\nif [ "$1" = works ]; then exit 0; fi\nexec 3<&0\ncat <&3 >${quoted(folder, 'up')} &\ncat ${quoted(folder, 'down')}\nkill $!\n`
  const script = sh`umask 077; for r in ${PROGRAM_FOLDERS}; do
[ -d "$r" ] && p=$(mktemp -d "$r/virtfleet.XXXXXX" 2>/dev/null) || continue
printf %s ${text} >"$p/relay" && chmod 700 "$p/relay" && "$p/relay" works 2>/dev/null && echo "$p/relay" && exit 0
rm -rf "$p"; done; exit 1`
  const answer = await host.run(script)
  if (answer.status !== 0)
    throw new ModuleFailure(`${host.name} has no folder in which a program can be run: ${PROGRAM_FOLDERS.join(', ')}`)
  return answer.stdout.toString().trim()
}

const quoted = (folder: string, name: string): ShellText => sh`${`${folder}/${name}`}`

/** libvirt's socket on the destination: whichever program there is to reach it. */
async function runHelper(host: Host, folder: string): Promise<string> {
  const script = sh`exec <${`${folder}/down`} >${`${folder}/up`}
if command -v virt-ssh-helper >/dev/null 2>&1; then exec virt-ssh-helper qemu:///system; fi
for s in /run/libvirt/virtqemud-sock /run/libvirt/libvirt-sock /var/run/libvirt/libvirt-sock; do
[ -S "$s" ] || continue
if command -v nc >/dev/null 2>&1; then exec nc -U "$s"; fi
if command -v socat >/dev/null 2>&1; then exec socat - "UNIX-CONNECT:$s"; fi; done
echo 'neither virt-ssh-helper, nc nor socat reaches libvirt here' >&2; exit 1`
  const answer = await host.run(script, { onLine: () => undefined })
  return answer.stderr.toString().trim()
}

/** Opens both FIFOs for reading and writing at once, which frees whoever waits for their other end, and removes all. */
async function release(host: Host, folder: string, program?: string): Promise<void> {
  const remove = program === undefined ? sh.raw(':') : sh`rm -rf -- ${program.replace(/\/relay$/, '')}`
  await host.run(
    sh`for f in ${`${folder}/up`} ${`${folder}/down`}; do [ -p "$f" ] && { : 3<>"$f"; }; done; rm -rf -- ${folder}; ${remove}; true`,
  )
}

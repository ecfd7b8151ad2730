import { basename, dirname, join } from 'node:path'
import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { CommandOptions, CommandResult } from '../../../core/connection/types.ts'
import { refreshPoolsOf } from '../../../core/libvirt/pools/refresh.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { setAttributes } from '../../files/attributes.ts'
import type { ImageArgs } from './args.ts'
import { refuseReferences } from './diff.ts'
import type { ImageDigest } from './digest.ts'
import { fetchScript, NO_FETCHER, noFetcher } from './fetch.ts'
import { endIfHeld, refuseHeld } from './held.ts'
import type { ImageState } from './probe.ts'
import { HEADER_BYTES, type ImageHeader, readHeader } from './qcow2.ts'
import { recordPath, writeRecord } from './record.ts'

/** An image of gigabytes over a slow line. */
const PATIENCE: CommandOptions = { timeoutMs: 24 * 3_600_000, timeoutBy: 'controller' }
const NO_TOOL = 97

/** Brings the image and puts it in place, or sets its attributes, or removes it. Nothing unverified ever has its name. */
export async function applyImage(host: Host, a: ImageArgs, state: ImageState, content: boolean): Promise<undefined> {
  if (a.state !== 'present') {
    const removal = sh`${endIfHeld([a.path])}
rm -f -- ${a.path} ${recordPath(a.path)} && { ${dropParts(host, a.path, '')}; }`
    await run(host, removal, `cannot remove ${a.path}`)
    await refreshPoolsOf(host.libvirt, [a.path], host.signal)
    return undefined
  }
  const wanted = state.wanted!
  if (!content) {
    const steps = [sh`set -e`, ...setAttributes(a.path, a), writeRecord(a.path, wanted)]
    await run(host, sh.join(steps), `cannot set the attributes of ${a.path}`)
    return undefined
  }
  const part = partOf(host, a.path, wanted)
  if (state.source) {
    if (Buffer.isBuffer(state.source)) await host.writeFile(part, state.source, { mode: '0600' })
    else await host.uploadFile(part, state.source, { mode: '0600' })
  }
  try {
    const header = await bring(host, a, part, wanted)
    refuseReferences(header, a)
    await install(host, a, part, wanted, header)
    await refreshPoolsOf(host.libvirt, [a.path], host.signal)
  } catch (error) {
    // What broke off on its way is gone on with; what is here whole, and wrong, is of no use.
    if (error instanceof ModuleFailure && !(error instanceof BrokenOff)) await host.run(sh`rm -f -- ${part}`)
    throw error
  }
  return undefined
}

/** The rest can still come. */
class BrokenOff extends ModuleFailure {}

/** Beside the image; hidden, so that no pool lists it; of this host alone, since others may fetch into the same shared folder. */
function partOf(host: Host, path: string, { hex }: ImageDigest): string {
  const [head, tail] = aroundParts(host, path)
  return `${head}${hex.slice(0, 16)}${tail}`
}

function aroundParts(host: Host, path: string): [string, string] {
  const own = host.name.replace(/[^\w.-]/g, '_').slice(0, 60)
  return [join(dirname(path), `.${basename(path).slice(0, 80)}.virtfleet-`), `-${own}.part`]
}

/** What this host has left of other contents of the same path. */
const dropParts = (host: Host, path: string, keep: string): ShellText => {
  const [head, tail] = aroundParts(host, path)
  return sh`for g in ${head}*${tail}; do [ "$g" = ${keep} ] || rm -f -- "$g"; done`
}

/** Gets what is missing of it, and answers with the header of what has the checksum. */
async function bring(host: Host, a: ImageArgs, part: string, wanted: ImageDigest): Promise<ImageHeader> {
  host.progress(a.url === undefined ? `verifying ${basename(a.path)}` : `fetching ${a.url}`)
  const script = sh.join([dropParts(host, a.path, part), bringScript(a.url, part, wanted)])
  const answer = await host.run(script, PATIENCE)
  if (answer.status === NO_FETCHER) throw noFetcher()
  if (answer.status !== 0) throw new BrokenOff(`${a.url ?? a.src} was not fetched: ${lastLine(answer)}`)
  const [sum = '', header = ''] = answer.stdout.toString('latin1').trim().split('\n')
  if (sum !== wanted.hex)
    throw new ModuleFailure(
      `what came from ${a.url ?? a.src} is not the image that checksum names: its ${wanted.algorithm} is ${sum}`,
    )
  return readHeader(Buffer.from(header, 'hex'))
}

/** What goes on from a piece may have gone on from a piece of another file: then it is fetched once more, whole. */
const bringScript = (url: string | undefined, part: string, wanted: ImageDigest): ShellText => {
  const pull =
    url === undefined
      ? sh``
      : sh`${fetchScript(url)}
d=${dirname(part)}
[ -d "$d" ] || { echo "there is no folder $d" >&2; exit 1; }
if [ -s "$f" ]; then
  sum
  if [ "$s" != ${wanted.hex} ]; then
    r=0; fetch || r=$?
    # No ranges (curl 33, 36), or none left to get (HTTP 416: curl 22, wget 8): all of it, anew.
    case $r in 0 | 8 | 22 | 33 | 36) sum ;; *) exit 1 ;; esac
  fi
  [ "$s" = ${wanted.hex} ] || rm -f -- "$f"
fi
[ -s "$f" ] || fetch || exit 1`
  return sh`umask 077
f=${part}
sum() { s=$(${sh.raw(wanted.algorithm)}sum <"$f") || exit 1; s=\${s%% *}; s=\${s#\\\\}; }
${pull}
sum
printf '%s\\n' "$s"
dd if="$f" bs=${HEADER_BYTES} count=1 2>/dev/null | od -An -v -tx1 | tr -d ' \\n'`
}

/** Looks into the image with QEMU's own check, then gives it its name. */
async function install(
  host: Host,
  a: ImageArgs,
  part: string,
  wanted: ImageDigest,
  header: ImageHeader,
): Promise<void> {
  const check = header.format === 'qcow2' ? sh`qemu-img check -q -f qcow2 -- "$f" >&2 || [ $? = 3 ] || exit 1` : sh`:`
  const script = sh`f=${part}
command -v qemu-img >/dev/null 2>&1 || exit ${NO_TOOL}
qemu-img info -f ${header.format} --output=json -- "$f" >/dev/null || exit 1
${check}
${sh.join([sh`set -e`, ...setAttributes(part, a)])}
sync -- "$f" 2>/dev/null || sync
mv -f -- "$f" ${a.path}
${writeRecord(a.path, wanted)}`
  const answer = await host.run(script, PATIENCE)
  if (answer.status === NO_TOOL)
    throw new ModuleFailure('qemu-img, which verifies an image before it is used, is not on the host', {
      hint: 'libvirt_host installs it',
    })
  if (answer.status !== 0) throw new ModuleFailure(`the image of ${a.path} cannot be used: ${lastLine(answer)}`)
}

async function run(host: Host, script: ShellText, what: string): Promise<void> {
  const answer = await host.run(script)
  refuseHeld(answer)
  if (answer.status !== 0) throw new ModuleFailure(`${what}: ${lastLine(answer)}`)
}

function lastLine(answer: CommandResult): string {
  const text = (answer.merged ? answer.stdout : answer.stderr).toString().trim().split('\n').at(-1) ?? ''
  return text === '' ? `status ${answer.status}` : text.slice(0, 300)
}

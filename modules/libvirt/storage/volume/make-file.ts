import { dirname, join } from 'node:path'
import { type ShellText, sh } from '../../../../core/connection/quote.ts'
import { type Host, ModuleFailure } from '../../../../core/module/types.ts'
import { recordPath, writeRecord } from '../../image/record.ts'
import { newFormat, type VolumeArgs, wantedCapacity } from './args.ts'
import type { VolumeHost } from './probe.ts'
import { bring, EXISTS, NO_TOOL, PATIENCE, refuseFailure, sourceOf } from './transfer.ts'

/**
 * Makes a volume that is a file out of another image: beside its place, hidden from the pool, then moved there. Nothing half made
 * ever has its name.
 */
export async function makeFile(host: Host, a: VolumeArgs, found: VolumeHost): Promise<void> {
  const { pool, upload, source } = found
  if (pool?.folder === undefined) throw new ModuleFailure(`where pool '${a.pool}' is, is not known`)
  const path = join(pool.folder, a.name)
  const format = newFormat(a, false)
  const part = partOf(host, path)
  if (upload && upload.format === format && !a.compressed) {
    await bring(host, part, upload)
    await settle(host, a, path, part, sh`:`)
    await remember(host, path, upload.sha256, a)
    return
  }
  const arrived = `${part}.src`
  if (upload) await bring(host, arrived, upload)
  try {
    // What came is looked at here as an image of the host is.
    const from = upload ? await sourceOf(host, arrived, upload.format) : source
    if (!from) throw new ModuleFailure(`there is no ${a.from} to copy`)
    host.progress(`making ${a.name} of ${a.from ?? a.src}`)
    const compressed = a.compressed ? ['-c'] : []
    const convert = sh`qemu-img convert -f ${from.format} -O ${format} ${compressed} -- ${from.path} ${part}`
    await settle(host, a, path, part, convert)
  } finally {
    if (upload) await host.run(sh`rm -f -- ${arrived}`)
  }
}

/** Puts another content in the place of a volume's, whole. */
export async function replaceContent(host: Host, a: VolumeArgs, path: string, { upload }: VolumeHost): Promise<void> {
  if (!upload) return
  const part = partOf(host, path)
  await bring(host, part, upload)
  const answer = await host.run(
    sh`f=${part}
trap 'rm -f -- "$f"' EXIT
${checkScript(upload.format)}
chmod --reference=${path} -- "$f" && chown --reference=${path} -- "$f" && mv -f -- "$f" ${path}`,
    PATIENCE,
  )
  refuseFailure(answer, a.name, path)
  await remember(host, path, upload.sha256, a)
}

/** Only what is compared in every run needs it. */
async function remember(host: Host, path: string, sha256: string, a: VolumeArgs): Promise<void> {
  if (a.force) await host.run(writeRecord(path, { algorithm: 'sha256', hex: sha256 }))
  else await host.run(sh`rm -f -- ${recordPath(path)}`)
}

/** Of this host alone: others may work in the same shared folder. */
function partOf(host: Host, path: string): string {
  const own = host.name.replace(/[^\w.-]/g, '_').slice(0, 60)
  return join(dirname(path), `.${path.slice(path.lastIndexOf('/') + 1).slice(0, 80)}.virtfleet-${own}.part`)
}

const checkScript = (format: string): ShellText => sh`command -v qemu-img >/dev/null 2>&1 || exit ${NO_TOOL}
${format === 'qcow2' ? sh`qemu-img check -q -f qcow2 -- "$f" >&2 || [ $? = 3 ] || exit 1` : sh`:`}`

/** Fills the part, gives it its size, and moves it to a place where nothing is. */
async function settle(host: Host, a: VolumeArgs, path: string, part: string, fill: ShellText): Promise<void> {
  const format = newFormat(a, false)
  const capacity = wantedCapacity(a)
  const grow = capacity === undefined ? sh`:` : sh`qemu-img resize -q -f ${format} -- "$f" ${String(capacity)}`
  const answer = await host.run(
    sh`umask 077
f=${part}
trap 'rm -f -- "$f"' EXIT; trap 'exit 143' HUP INT TERM
command -v qemu-img >/dev/null 2>&1 || exit ${NO_TOOL}
[ ! -e ${path} ] || exit ${EXISTS}
${fill} || exit 1
${grow} || exit 1
${checkScript(format)}
sync -- "$f" 2>/dev/null || sync
mv -n -- "$f" ${path} && [ ! -e "$f" ] || exit ${EXISTS}`,
    PATIENCE,
  )
  refuseFailure(answer, a.name, path)
}

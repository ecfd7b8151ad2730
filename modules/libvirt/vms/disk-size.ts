import { type ShellText, sh } from '../../../core/connection/quote.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import type { WantedVm } from './wanted.ts'
import type { WantedDisk } from './wanted-disks.ts'

/*
 * The virtual size of a qcow2 image, from its header (QEMU's docs/interop/qcow2.rst): magic at 0, size at 24, big-endian. Two processes read
 * any number of them, where qemu-img would be one for each.
 */
const HEADER = 32
const MAGIC = '514649fb'
const SIZE = 24 * 2

/** Prints `head FILE` for each disk that is to have a size, then `qcow2 HEX` for each of these. */
export function readSizes(vms: readonly WantedVm[]): ShellText {
  const disks = vms.flatMap((vm) => vm.disks.flatMap(({ file, size }) => (size === undefined ? [] : [file])))
  if (disks.length === 0) return sh`:`
  return sh`vf_heads() {
set --
for f in ${disks}; do [ -f "$f" ] && [ -s "$f" ] && { set -- "$@" "$f"; printf 'head %s\n' "$f"; }; done
[ $# = 0 ] || head -q -c ${HEADER} -- "$@" | od -An -v -tx1 -w${HEADER} | tr -d ' ' | sed 's/^/qcow2 /'
}
vf_heads`
}

/** Sizes in bytes. Behind a file that is no such image, which may be shorter than a header, nothing is known to stand where it should. */
export function parseSizes(files: readonly string[], headers: readonly string[]): Map<string, bigint> {
  const sizes = new Map<string, bigint>()
  for (const [i, file] of files.entries()) {
    const header = headers[i] ?? ''
    if (!header.startsWith(MAGIC) || header.length !== HEADER * 2) break
    sizes.set(file, BigInt(`0x${header.slice(SIZE)}`))
  }
  return sizes
}

/** By the QEMU that has it, or its image where the VM is off. */
export async function growDisk(
  host: Host,
  name: string,
  { file, size, target }: WantedDisk,
  off: boolean,
): Promise<void> {
  if (size === undefined) return
  if (!off)
    return await attempt(`grow disk ${target} of '${name}'`, () => host.libvirt.resizeBlock(name, file, Number(size)))
  const done = await host.run(sh`qemu-img resize -q -f qcow2 ${file} ${String(size)}`)
  if (done.status !== 0)
    throw new ModuleFailure(`disk ${target} of '${name}' was not grown: ${done.stderr.toString().trim()}`)
}

import { sh } from '../../../../core/connection/quote.ts'
import { whenPoolIsFree } from '../../../../core/libvirt/pools/retry.ts'
import { type Host, ModuleFailure } from '../../../../core/module/types.ts'
import { attempt } from '../../daemon/failure.ts'
import { type VolumeArgs, wantedCapacity } from './args.ts'
import type { Volume, VolumePool } from './read.ts'
import { saidBy } from './transfer.ts'

/** Gives a volume its size: by libvirt, by the QEMU of the guest that runs, by LVM. */
export async function resizeVolume(host: Host, a: VolumeArgs, volume: Volume, pool: VolumePool): Promise<void> {
  const wanted = wantedCapacity(a) ?? volume.capacity
  const shrinks = wanted < volume.capacity
  const running = volume.users.find((one) => one.running)
  if (running && running.target === undefined)
    throw new ModuleFailure(`volume '${a.name}' is the base of a disk of ${running.name}, which runs`)
  if (pool.kind === 'blocks') {
    const bytes = await resizeBlocks(host, a, volume, pool, wanted)
    if (running?.target !== undefined) await tellGuest(host, running.name, running.target, bytes)
  } else if (running?.target !== undefined) await tellGuest(host, running.name, running.target, Number(wanted))
  else {
    const argv = [`--pool=${a.pool}`, `--vol=${a.name}`, `--capacity=${wanted}b`, ...(shrinks ? ['--shrink'] : [])]
    await attempt(`${shrinks ? 'shrink' : 'grow'} volume '${a.name}'`, () =>
      whenPoolIsFree(host.signal, () => host.libvirt.command(['vol-resize', ...argv])),
    )
    return
  }
  await attempt(`refresh pool '${a.pool}'`, () => whenPoolIsFree(host.signal, () => host.libvirt.refreshPool(a.pool)))
}

const tellGuest = (host: Host, name: string, target: string, bytes: number): Promise<void> =>
  attempt(`grow ${target} of ${name}`, () => host.libvirt.resizeBlock(name, target, bytes))

/** libvirt resizes no device. Answers with the size that LVM made of it, in bytes: that of a device is said exactly. */
async function resizeBlocks(
  host: Host,
  a: VolumeArgs,
  { path, capacity }: Volume,
  pool: VolumePool,
  wanted: bigint,
): Promise<number> {
  if (pool.type !== 'logical')
    throw new ModuleFailure(`volumes of a pool of type ${pool.type} keep their size`, {
      hint: 'make a larger one, with from',
    })
  if (wanted < capacity)
    throw new ModuleFailure(`volume '${a.name}' is a logical volume, and is not shrunk`, { hint: 'lvreduce, by hand' })
  const done = await host.run(sh`lvextend -q -L ${`${wanted}b`} -- ${path} >/dev/null && blockdev --getsize64 ${path}`)
  const bytes = Number(done.stdout.toString().trim())
  if (done.status !== 0 || !Number.isSafeInteger(bytes) || bytes === 0)
    throw new ModuleFailure(`volume '${a.name}' was not grown: ${saidBy(done)}`)
  return bytes
}

import { LibvirtUnavailable } from '../errors.ts'
import type { Libvirt } from '../types.ts'

/**
 * libvirt by RPC, and by virsh where nothing on the host leads to the daemon's socket. Which one is decided once, by the first
 * call; a daemon that does not run, or refuses, is the same to both, and asked of the RPC again.
 */
export function preferRpc(rpc: Libvirt, open: () => Promise<unknown>, virsh: Libvirt): Libvirt {
  let chosen: Libvirt | undefined
  const choose = async (): Promise<Libvirt> => {
    if (chosen) return chosen
    try {
      await open()
      chosen = rpc
    } catch (error) {
      if (error instanceof LibvirtUnavailable && error.reason === 'no way') chosen = virsh
      // What else went wrong, the call itself will say.
      else return rpc
    }
    return chosen
  }
  const members = Object.keys(rpc) as (keyof Libvirt)[]
  const entries = members.map((name) => {
    const forward = async (...args: unknown[]): Promise<unknown> => {
      const target = (await choose())[name] as (...given: unknown[]) => Promise<unknown>
      return target(...args)
    }
    return [name, forward]
  })
  return Object.fromEntries(entries) as Libvirt
}

import { setTimeout as delay } from 'node:timers/promises'
import { LibvirtError } from '../../../core/libvirt/types.ts'
import { type Host, ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import type { StopArgs } from './args.ts'

/** A guest that still boots does not hear the first request. */
const ASK_AGAIN_MS = 15_000

/** `running`, `shut off` …; undefined: there is no such domain. */
export async function stateNow(host: Reader, uuid: string): Promise<string | undefined> {
  try {
    return (await host.libvirt.query(['domstate', `--domain=${uuid}`])).trim()
  } catch (error) {
    if (error instanceof LibvirtError && error.code === 42) return undefined
    throw error
  }
}

/** Asks the guest to shut down and waits; then as the policy says. Raises ModuleFailure. */
export async function stopGuest(host: Host, domain: { name: string; uuid: string }, args: StopArgs): Promise<void> {
  const off = async (): Promise<boolean> => {
    const state = await stateNow(host, domain.uuid)
    return state === undefined || state === 'shut off' || state === 'crashed'
  }
  if (await off()) return
  if ((await stateNow(host, domain.uuid)) === 'paused') await wakePaused(host, domain, args)
  const end = Date.now() + args.shutdown_timeout * 1000
  let asked = 0
  for (let pause = 250; Date.now() < end; pause = Math.min(pause * 1.5, 2000)) {
    if (Date.now() - asked >= ASK_AGAIN_MS) {
      await askToStop(host, domain.name)
      asked = Date.now()
    }
    await delay(Math.min(pause, Math.max(end - Date.now(), 1)), undefined, { signal: host.signal })
    if (await off()) return
    host.progress(`${domain.name} is shutting down`)
  }
  if (args.shutdown_policy === 'fail')
    throw new ModuleFailure(`domain '${domain.name}' did not shut down within ${args.shutdown_timeout} s`, {
      hint: 'shutdown_policy: destroy cuts it off; a guest without ACPI or agent never shuts down by itself',
    })
  await destroyGuest(host, domain)
}

/** Cuts a guest off. */
export async function destroyGuest(host: Host, domain: { name: string; uuid: string }): Promise<void> {
  await attempt(`destroy domain '${domain.name}'`, () => host.libvirt.destroyDomain(domain.name))
}

/** A paused guest hears nothing: it is resumed to be shut down, unless it is to be cut off. */
async function wakePaused(host: Host, domain: { name: string; uuid: string }, args: StopArgs): Promise<void> {
  if (args.shutdown_policy === 'destroy') await destroyGuest(host, domain)
  else
    throw new ModuleFailure(`domain '${domain.name}' is paused and cannot shut down`, {
      hint: 'resume it, or shutdown_policy: destroy',
    })
}

/** The guest may go off between two looks: then there is nothing to ask. */
async function askToStop(host: Host, name: string): Promise<void> {
  try {
    await host.libvirt.shutdownDomain(name)
  } catch (error) {
    if (!(error instanceof LibvirtError) || (error.code !== 55 && error.code !== 42)) throw error
  }
}

import type { DomainCondition } from '../../../core/libvirt/types.ts'
import { LibvirtError } from '../../../core/libvirt/types.ts'
import { type Host, ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import type { StopArgs } from './args.ts'

/** A guest that still boots does not hear the first request. */
const ASK_AGAIN_MS = 15_000

/** `running`, `shut off` …; undefined: there is no such domain. */
export async function stateNow(host: Reader, uuid: string): Promise<string | undefined> {
  return (await host.libvirt.domainState(uuid))?.state
}

const isOff = (condition: DomainCondition | undefined): boolean =>
  condition === undefined || condition.state === 'shut off' || condition.state === 'crashed'

/** Whether the guest may be cut off. */
const cuts = (args: StopArgs): boolean => args.force || args.shutdown_policy === 'destroy'

/** Asks the guest to shut down and waits; then as the policy says. Raises ModuleFailure. */
export async function stopGuest(host: Host, domain: { name: string; uuid: string }, args: StopArgs): Promise<void> {
  const condition = await host.libvirt.domainState(domain.uuid)
  if (isOff(condition)) return
  if (condition?.state === 'paused') return await stopPaused(host, domain, args)
  const end = Date.now() + args.shutdown_timeout * 1000
  for (let left = end - Date.now(); left > 0; left = end - Date.now()) {
    await askToStop(host, domain.uuid)
    host.progress(`${domain.name} is shutting down`)
    const timeoutMs = Math.min(ASK_AGAIN_MS, left)
    if (isOff(await host.libvirt.awaitDomain(domain.uuid, isOff, { timeoutMs, signal: host.signal }))) return
    host.signal.throwIfAborted()
  }
  if (!cuts(args))
    throw new ModuleFailure(`domain '${domain.name}' did not shut down within ${args.shutdown_timeout} s`, {
      hint: 'force: true cuts it off; a guest without ACPI or agent never shuts down by itself',
    })
  await destroyGuest(host, domain)
}

/** Cuts a guest off. */
export async function destroyGuest(host: Host, domain: { name: string; uuid: string }): Promise<void> {
  await attempt(`destroy domain '${domain.name}'`, async () => {
    try {
      await host.libvirt.destroyDomain(domain.uuid)
    } catch (error) {
      // It went off by itself between two looks.
      if (!(error instanceof LibvirtError) || !isOff(await host.libvirt.domainState(domain.uuid))) throw error
    }
  })
}

/** A paused guest hears nothing. */
async function stopPaused(host: Host, domain: { name: string; uuid: string }, args: StopArgs): Promise<void> {
  if (cuts(args)) return await destroyGuest(host, domain)
  throw new ModuleFailure(`domain '${domain.name}' is paused and cannot shut down`, {
    hint: 'resume it, or force: true',
  })
}

/** The guest may go off between two looks: then there is nothing to ask. */
async function askToStop(host: Host, uuid: string): Promise<void> {
  try {
    await host.libvirt.shutdownDomain(uuid)
  } catch (error) {
    if (!(error instanceof LibvirtError) || (error.code !== 55 && error.code !== 42)) throw error
  }
}

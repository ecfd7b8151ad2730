import { CODE } from '../libvirt/errors.ts'
import type { DomainCondition, DomainState, Libvirt } from '../libvirt/types.ts'
import { LibvirtError } from '../libvirt/types.ts'
import { attempt, FleetError } from './errors.ts'
import type { FoundVm } from './fleet.ts'

/** What an action came to. The state was probed after it. */
export interface Acted {
  readonly changed: boolean
  /** `gone`: a transient VM that is off is no more. */
  readonly state: DomainState | 'gone'
  readonly reason?: string
}

export type GuestRequest = 'acpi' | 'agent'

export interface StopOptions {
  /** Cuts it off instead of asking the guest. */
  readonly force: boolean
  readonly timeoutMs: number
  readonly mode?: GuestRequest
  readonly signal?: AbortSignal
  /** Told when the guest is asked. */
  readonly onAsked?: () => void
}

/** A guest that still boots does not hear the first request. */
const ASK_AGAIN_MS = 15_000
/** What libvirt needs itself, once it has said yes. */
const SETTLE_MS = 30_000

const RUNNING: readonly string[] = ['running', 'blocked', 'shutdown']
const isOff = (now: DomainCondition | undefined): boolean =>
  now === undefined || now.state === 'shut off' || now.state === 'crashed'
const runs = (now: DomainCondition | undefined): boolean => now !== undefined && RUNNING.includes(now.state)

/** All of them raise FleetError. */
export async function startVm({ host: { libvirt }, vm }: FoundVm): Promise<Acted> {
  return attempt(`start ${vm.name}@${vm.host}`, async () => {
    const before = await libvirt.domainState(vm.uuid)
    if (runs(before)) return acted(before, false)
    if (before?.state === 'paused' || before?.state === 'pmsuspended') {
      throw refusal(vm.name, before, { hint: `virtfleet vm resume ${vm.name}@${vm.host}` })
    }
    await unlessAlready(libvirt, vm.uuid, runs, () => libvirt.startDomain(vm.uuid))
    return settled(libvirt, vm, runs, 'running')
  })
}

export async function stopVm({ host: { libvirt }, vm }: FoundVm, options: StopOptions): Promise<Acted> {
  return attempt(`stop ${vm.name}@${vm.host}`, async () => {
    const before = await libvirt.domainState(vm.uuid)
    if (isOff(before)) return acted(before, false)
    if (options.force) {
      await unlessAlready(libvirt, vm.uuid, isOff, () => libvirt.destroyDomain(vm.uuid))
      return settled(libvirt, vm, isOff, 'off')
    }
    if (!runs(before)) throw refusal(vm.name, before, { hint: 'resume it, or cut it off with --force' })
    await askToStop(libvirt, vm.uuid, options)
    return settledAs(vm.name, await libvirt.domainState(vm.uuid), isOff, {
      otherwise: `did not shut down within ${options.timeoutMs / 1000} s`,
      hint: 'a guest without ACPI or agent never does by itself; --force cuts it off',
    })
  })
}

async function askToStop(libvirt: Libvirt, uuid: string, options: StopOptions): Promise<void> {
  const { timeoutMs, mode, signal, onAsked } = options
  const end = Date.now() + timeoutMs
  for (let left = timeoutMs; left > 0; left = end - Date.now()) {
    const asked = () => libvirt.shutdownDomain(uuid, mode === undefined ? {} : { mode })
    await unlessAlready(libvirt, uuid, isOff, asked)
    onAsked?.()
    const limits = { timeoutMs: Math.min(ASK_AGAIN_MS, left), ...(signal && { signal }) }
    if (isOff(await libvirt.awaitDomain(uuid, isOff, limits))) return
  }
}

/** Asks the guest; cold: resets the machine. Whether the guest obeys, only it knows. */
export async function rebootVm(
  { host: { libvirt }, vm }: FoundVm,
  options: { force: boolean; mode?: GuestRequest },
): Promise<Acted> {
  return attempt(`reboot ${vm.name}@${vm.host}`, async () => {
    const before = await libvirt.domainState(vm.uuid)
    if (!runs(before)) throw refusal(vm.name, before)
    if (options.force) await libvirt.resetDomain(vm.uuid)
    else await libvirt.rebootDomain(vm.uuid, options.mode === undefined ? {} : { mode: options.mode })
    return acted(await libvirt.domainState(vm.uuid), true)
  })
}

export async function suspendVm({ host: { libvirt }, vm }: FoundVm): Promise<Acted> {
  return attempt(`suspend ${vm.name}@${vm.host}`, async () => {
    const before = await libvirt.domainState(vm.uuid)
    if (before?.state === 'paused') return acted(before, false)
    if (!runs(before)) throw refusal(vm.name, before)
    await libvirt.suspendDomain(vm.uuid)
    return settled(libvirt, vm, (now) => now?.state === 'paused', 'paused')
  })
}

export async function resumeVm({ host: { libvirt }, vm }: FoundVm): Promise<Acted> {
  return attempt(`resume ${vm.name}@${vm.host}`, async () => {
    const before = await libvirt.domainState(vm.uuid)
    if (runs(before)) return acted(before, false)
    if (before?.state === 'pmsuspended') await libvirt.wakeDomain(vm.uuid)
    else if (before?.state === 'paused') await libvirt.resumeDomain(vm.uuid)
    else throw refusal(vm.name, before, { hint: `virtfleet vm start ${vm.name}@${vm.host}` })
    return settled(libvirt, vm, runs, 'running')
  })
}

/** The state may have come about between two looks: then there is nothing to do, and no error. */
async function unlessAlready(
  libvirt: Libvirt,
  uuid: string,
  there: (now: DomainCondition | undefined) => boolean,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act()
  } catch (error) {
    const mayBe =
      error instanceof LibvirtError && (error.code === CODE.operationInvalid || error.code === CODE.noDomain)
    if (!mayBe || !there(await libvirt.domainState(uuid))) throw error
  }
}

async function settled(
  libvirt: Libvirt,
  vm: { name: string; uuid: string },
  there: (now: DomainCondition | undefined) => boolean,
  wanted: string,
): Promise<Acted> {
  const now = await libvirt.awaitDomain(vm.uuid, there, { timeoutMs: SETTLE_MS })
  return settledAs(vm.name, now, there, { otherwise: `is not ${wanted}` })
}

function settledAs(
  name: string,
  now: DomainCondition | undefined,
  there: (now: DomainCondition | undefined) => boolean,
  { otherwise, hint }: { otherwise: string; hint?: string },
): Acted {
  if (there(now)) return acted(now, true)
  const state = now ? `${now.state} (${now.reason})` : 'gone'
  throw new FleetError('refused', `VM '${name}' ${otherwise}; it is ${state}`, hint === undefined ? {} : { hint })
}

function acted(now: DomainCondition | undefined, changed: boolean): Acted {
  return now ? { changed, state: now.state, reason: now.reason } : { changed, state: 'gone' }
}

function refusal(name: string, now: DomainCondition | undefined, options: { hint?: string } = {}): FleetError {
  return new FleetError('refused', `VM '${name}' is ${now?.state ?? 'gone'}`, options)
}

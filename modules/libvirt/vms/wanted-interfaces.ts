import { isIP } from 'node:net'
import { ModuleFailure } from '../../../core/module/types.ts'
import { countedAddress } from './addresses.ts'
import type { NicArgs, Override, VmsArgs } from './args.ts'

/** An interface of a VM, as the task declares it. */
export interface WantedInterface {
  readonly network?: string
  readonly bridge?: string
  readonly model?: string
  readonly address?: FixedAddress
}

/** An address that the VM does not get by DHCP. */
export interface FixedAddress {
  /** With prefix. */
  readonly cidr: string
  readonly gateway: string | undefined
  readonly nameservers: readonly string[]
}

/**
 * The interfaces of each VM. Addresses are its own, or the task's counted on from the first VM. Raises ModuleFailure for an address that is
 * none, is outside of its network, is given twice, or that nobody would give to the guest.
 */
export function wantedInterfaces(args: VmsArgs, names: readonly string[]): Map<string, readonly WantedInterface[]> {
  refuseBoth('the task', args)
  refuseWrong('nameservers', args.nameservers)
  const taken = new Map<string, string>()
  const result = new Map<string, readonly WantedInterface[]>()
  for (const [i, name] of names.entries()) {
    const own = args.overrides.find((o) => o.name === name)
    if (own) refuseBoth(`the override of '${name}'`, own)
    const nics = saidOf(args, own).map(({ nic, isOwn }, index): WantedInterface => {
      const ownText = isOwn ? nic.address : undefined
      const text = (index === 0 ? own?.address : undefined) ?? nic.address ?? (index === 0 ? args.address : undefined)
      const counts = text !== undefined && text !== ownText && !(index === 0 && own?.address !== undefined)
      const gateway = nic.gateway ?? (index === 0 ? args.gateway : undefined)
      refuseWrong('gateway', gateway === undefined ? [] : [gateway])
      const link = nic.bridge === undefined ? { network: nic.network ?? 'default' } : { bridge: nic.bridge }
      const model = nic.model === undefined ? {} : { model: nic.model }
      if (text === undefined) return { ...link, ...model }
      const cidr = countedAddress(text, counts ? i : 0)
      const ip = cidr.split('/')[0] ?? ''
      const other = taken.get(ip)
      if (other !== undefined) throw new ModuleFailure(`${cidr} would be the address of '${other}' and of '${name}'`)
      taken.set(ip, name)
      return { ...link, ...model, address: { cidr, gateway, nameservers: args.nameservers } }
    })
    refuseUngiven(args, own, nics)
    result.set(name, nics)
  }
  return result
}

/** As many as a machine has slots for them. */
const MOST = 32

/** The addresses that are known before a VM runs. */
export const fixedAddressesOf = (nics: readonly WantedInterface[]): string[] =>
  nics.flatMap(({ address }) => (address === undefined ? [] : [address.cidr.split('/')[0] ?? '']))

function saidOf(args: VmsArgs, own: Override | undefined): { nic: NicArgs; isOwn: boolean }[] {
  if (own?.interfaces) return own.interfaces.map((nic) => ({ nic, isOwn: true }))
  if (own?.bridge !== undefined || own?.network !== undefined)
    return [{ nic: { bridge: own.bridge, network: own.network }, isOwn: true }]
  if (args.interfaces) return args.interfaces.map((nic) => ({ nic, isOwn: false }))
  return [{ nic: { bridge: args.bridge, network: args.network }, isOwn: false }]
}

function refuseBoth(
  where: string,
  { interfaces, network, bridge, address }: Pick<Override, 'interfaces' | 'network' | 'bridge' | 'address'>,
): void {
  if (network !== undefined && bridge !== undefined)
    throw new ModuleFailure(`network and bridge exclude one another: ${where} has both`)
  if (interfaces === undefined) return
  const both = interfaces.findIndex((nic) => nic.network !== undefined && nic.bridge !== undefined)
  if (both >= 0)
    throw new ModuleFailure(`network and bridge exclude one another: interface ${both + 1} of ${where} has both`)
  if (interfaces.length > MOST)
    throw new ModuleFailure(`${where} has ${interfaces.length} interfaces: more than ${MOST}`)
  if (network !== undefined || bridge !== undefined)
    throw new ModuleFailure(`interfaces excludes network and bridge: ${where} has both`)
  if (address !== undefined && (interfaces.length === 0 || interfaces[0]?.address !== undefined))
    throw new ModuleFailure(
      `address is that of the first interface: ${where} gives it ${interfaces.length === 0 ? 'none' : 'two'}`,
    )
}

function refuseWrong(what: string, addresses: readonly string[]): void {
  const bad = addresses.find((one) => isIP(one) === 0)
  if (bad !== undefined) throw new ModuleFailure(`${what}: '${bad}' is not an address`)
}

function refuseUngiven(args: VmsArgs, own: Override | undefined, nics: readonly WantedInterface[]): void {
  if (nics.every(({ address }) => address === undefined)) return
  const cloud = own?.cloud_init ?? args.cloud_init
  if (cloud === undefined)
    throw new ModuleFailure('address needs cloud_init, which gives it to the VM', { hint: 'cloud_init: {} is enough' })
  if (cloud.network_config !== undefined) throw new ModuleFailure('address and network_config exclude one another')
}

import { didYouMean } from '../language/index.ts'
import { FleetError } from './errors.ts'
import { type FleetVm, type HostAnswer, isSilent } from './vms.ts'

/** What a user calls a VM: its name or UUID, and the host if that is said. */
export interface VmName {
  readonly name: string
  readonly host: string | undefined
}

/** `name` or `name@host`; a name may hold @ itself, so that only what follows the last one, and is a host, counts. */
export function parseVmName(text: string, isHost: (name: string) => boolean): VmName {
  const at = text.lastIndexOf('@')
  const host = at < 0 ? undefined : text.slice(at + 1)
  const qualified = host !== undefined && isHost(host)
  const name = qualified ? text.slice(0, at) : text
  if (name === '') throw new FleetError('unknown', `'${text}' names no VM`, { hint: 'write name or name@host' })
  return { name, host: qualified ? host : undefined }
}

/**
 * The VM that is meant. One that is to be changed is taken by its bare name only if every host has answered: it may as well
 * live on a silent one. FleetError names what stands in the way.
 */
export function chooseVm(wanted: VmName, answers: readonly HostAnswer[], purpose: 'look' | 'change'): FleetVm {
  const asked = wanted.host === undefined ? answers : answers.filter((one) => one.host === wanted.host)
  const silent = asked.filter(isSilent)
  const all = asked.flatMap((one) => (isSilent(one) ? [] : one.vms))
  const named = all.filter((vm) => vm.name === wanted.name)
  const found = named.length > 0 ? named : all.filter((vm) => vm.uuid === wanted.name.toLowerCase())
  if (found.length > 1) {
    const hosts = found.map((vm) => vm.host)
    throw new FleetError('ambiguous', `VM '${wanted.name}' is on several hosts: ${hosts.join(', ')}`, {
      hint: `say which one: ${wanted.name}@${hosts[0]}`,
    })
  }
  const [only] = found
  if (silent.length > 0 && (!only || purpose === 'change')) throw silence(wanted, only, silent)
  if (only) return only
  const guess = didYouMean(wanted.name, new Set(all.map((vm) => vm.name)))
  const where = wanted.host === undefined ? 'on any host' : `on ${wanted.host}`
  throw new FleetError('unknown', `there is no VM '${wanted.name}' ${where}`, {
    hint: guess === undefined ? 'see virtfleet vm list' : `did you mean ${guess}?`,
  })
}

function silence(
  wanted: VmName,
  found: FleetVm | undefined,
  silent: readonly { host: string; silent: string }[],
): FleetError {
  const who = silent.map((one) => `${one.host} (${one.silent})`).join('; ')
  const message = found
    ? `VM '${wanted.name}' is on ${found.host}, and could be on a host that did not answer: ${who}`
    : `VM '${wanted.name}' was not found, and could be on a host that did not answer: ${who}`
  return new FleetError('silent', message, {
    ...(found && { hint: `say that you mean that one: ${wanted.name}@${found.host}` }),
  })
}

import { ModuleFailure } from '../../../../core/module/types.ts'
import type { ConfigFiles } from '../backend.ts'
import type { BridgeSpec } from '../spec.ts'
import type { NmFacts, NmProfile } from './facts.ts'
import { holdsSecrets, keyfileValue, linkSections } from './keyfile.ts'
import { bridgeFile, portFile } from './profiles.ts'

/** What the card's own profile says of the card itself; once it is ours, what ours says. */
export function linkOf(spec: BridgeSpec, port: string, facts: NmFacts, current: ConfigFiles): string {
  const own = current.get(portFile(spec.name, port))
  if (own !== undefined) return linkSections(own)
  const profile = facts.profiles.find(({ device }) => device === port)
  const text = profile?.file.endsWith('.nmconnection') ? current.get(profile.file) : undefined
  if (text === undefined) return ''
  if (holdsSecrets(text)) {
    throw new ModuleFailure(`${profile?.file} holds credentials of ${port}, which are not moved to another profile`, {
      hint: 'make the bridge with nmcli, or the port with a profile of its own',
    })
  }
  return linkSections(text)
}

/**
 * Profiles of others that would make the bridge again: its own, and those of cards that belong to it. They go with the
 * bridge. ModuleFailure where they cannot.
 */
export function profilesOfOthers(spec: BridgeSpec, facts: NmFacts, current: ConfigFiles): string[] {
  const made = facts.profiles.find(
    ({ device, type, file }) => device === spec.name && type === 'bridge' && /\/netplan-[^/]*$/.test(file),
  )
  if (made) {
    throw new ModuleFailure(`netplan makes ${spec.name}, by ${made.file}`, {
      hint: 'remove it from the files in /etc/netplan',
    })
  }
  const others = facts.profiles.filter(({ file }) => current.has(file) && file !== bridgeFile(spec.name))
  const value = (profile: NmProfile, key: string): string | undefined =>
    keyfileValue(current.get(profile.file) ?? '', 'connection', key)
  const bridges = others.filter((one) => one.type === 'bridge' && value(one, 'interface-name') === spec.name)
  const masters = new Set([spec.name, ...bridges.map(({ uuid }) => uuid)])
  const ports = others.filter(
    (one) => one.type !== 'bridge' && masters.has(value(one, 'master') ?? value(one, 'controller') ?? ''),
  )
  for (const one of ports) {
    if (one.type === '802-3-ethernet') continue
    throw new ModuleFailure(`${one.file} makes a ${one.type} a port of ${spec.name}, and is not ours`, {
      hint: `nmcli connection modify uuid ${one.uuid} master '' slave-type ''`,
    })
  }
  return [...bridges, ...ports].map(({ file }) => file)
}

import { ModuleFailure } from '../../../../core/module/types.ts'
import type { NetworkBackend } from '../backend.ts'
import type { BridgeSpec } from '../spec.ts'
import { activateProfiles, rememberActive } from './activate.ts'
import type { NmFacts, NmProfile } from './facts.ts'
import { asBefore, asPort, keyfileValue, withMtu } from './keyfile.ts'
import { linkOf, profilesOfOthers } from './others.ts'
import {
  asideFile,
  bridgeFile,
  bridgeProfile,
  bridgeUuid,
  portFile,
  portOfAside,
  portOfFile,
  portProfile,
  portUuid,
} from './profiles.ts'

/** Kinds of link whose profile is nothing but their addresses: a second one beside it, with more priority, will do. */
const CARDS = new Set(['ethernet', 'veth'])

/**
 * NetworkManager, by keyfiles. A network card gets a second profile that wins over its own, which is not touched, whatever it
 * is kept in; a bond, VLAN or the like becomes a port in its own profile, since its parts name that one.
 */
export function networkManager(facts: NmFacts): NetworkBackend {
  const ownPorts = (spec: BridgeSpec): Map<string, string> => paths(facts, (path) => portOfFile(spec.name, path))
  const asides = (spec: BridgeSpec): Map<string, string> => paths(facts, (path) => portOfAside(spec.name, path))
  /** The profile that a virtual port has, or had when it became one. */
  const ownProfile = (spec: BridgeSpec, port: string, current: (path: string) => string | undefined): NmProfile => {
    const kept = current(asideFile(spec.name, port))
    const uuid =
      kept === undefined
        ? facts.devices.find(({ name }) => name === port)?.uuid
        : keyfileValue(kept, 'connection', 'uuid')
    const profile = facts.profiles.find((one) => one.uuid === uuid)
    if (profile?.file.startsWith('/etc/NetworkManager/')) return profile
    throw new ModuleFailure(
      `${port} has no profile in /etc/NetworkManager that could become a port's${profile?.file ? `, but ${profile.file}` : ''}`,
      { hint: 'nmcli connection migrate moves a profile there; or make one' },
    )
  }
  const uuidOf = (port: string): string => facts.devices.find(({ name }) => name === port)?.uuid ?? ''
  const isCard = (port: string): boolean =>
    CARDS.has(facts.devices.find(({ name }) => name === port)?.type ?? 'ethernet')

  return {
    name: 'NetworkManager',
    mode: '0600',
    inputs: (spec) => [
      ...new Set([bridgeFile(spec.name), ...spec.ports.map((port) => portFile(spec.name, port)), ...facts.files.paths]),
    ],
    files(spec, current) {
      const text = (path: string): string | undefined => current.get(path)
      const present = spec.state === 'present'
      const ports = present ? spec.ports : []
      const refused = facts.devices.filter(({ name, state }) => state === 'unmanaged' && ports.includes(name))
      if (refused.length > 0) {
        const names = refused.map(({ name }) => name).join(', ')
        throw new ModuleFailure(`NetworkManager does not manage ${names}`, {
          hint: 'nmcli device set NAME managed yes; or let backend name what does',
        })
      }
      const wanted = new Map<string, string | undefined>()
      if (!present) for (const path of profilesOfOthers(spec, facts, current)) wanted.set(path, undefined)
      for (const [port, path] of asides(spec)) {
        if (ports.includes(port)) continue
        const before = text(path) ?? ''
        const file = facts.profiles.find(({ uuid }) => uuid === keyfileValue(before, 'connection', 'uuid'))?.file
        const now = file === undefined ? undefined : text(file)
        // A profile that somebody deleted meanwhile stays deleted.
        if (file !== undefined && now !== undefined) wanted.set(file, asBefore(now, before, bridgeUuid(spec.name)))
        wanted.set(path, undefined)
      }
      for (const [port, path] of ownPorts(spec)) if (!ports.includes(port)) wanted.set(path, undefined)
      for (const port of ports) {
        if (isCard(port)) {
          wanted.set(portFile(spec.name, port), portProfile(spec, port, linkOf(spec, port, facts, current)))
          continue
        }
        const { file } = ownProfile(spec, port, text)
        const now = text(file)
        if (now === undefined) throw new ModuleFailure(`cannot read ${file}, the profile of ${port}`)
        const aside = asideFile(spec.name, port)
        wanted.set(file, withMtu(asPort(now, bridgeUuid(spec.name)), spec.mtu))
        wanted.set(aside, text(aside) ?? now)
      }
      wanted.set(bridgeFile(spec.name), present ? bridgeProfile(spec) : undefined)
      return wanted
    },
    drift(spec) {
      const uuids = new Map(facts.devices.map(({ name, uuid }) => [name, uuid]))
      const expected: [string, string][] = [
        [spec.name, bridgeUuid(spec.name)],
        ...spec.ports.filter(isCard).map((port): [string, string] => [port, portUuid(spec.name, port)]),
      ]
      return expected.flatMap(([name, uuid]) => {
        const active = uuids.get(name)
        return active === undefined || active === uuid
          ? []
          : [{ path: `${name} profile`, before: active || 'none', after: uuid, effect: 'now' as const }]
      })
    },
    release: () => rememberActive,
    activate: (activation) =>
      activateProfiles(activation, {
        bridge: bridgeUuid(activation.name),
        port: (port) => (isCard(port) ? portUuid(activation.name, port) : uuidOf(port)),
        own: (port) => (isCard(port) ? undefined : uuidOf(port) || undefined),
      }),
  }
}

function paths(facts: NmFacts, port: (path: string) => string | undefined): Map<string, string> {
  return new Map(
    facts.files.paths.flatMap((path): [string, string][] => {
      const name = port(path)
      return name === undefined ? [] : [[name, path]]
    }),
  )
}

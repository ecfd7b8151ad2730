import type { Variables } from '../../language/values.ts'
import type { Play, Role } from '../../playbook/types.ts'
import type { HostRecord } from '../host-record.ts'
import type { Layer } from './scope.ts'

/** What the layers of one task on one host are made of; what is missing adds no layer. */
export interface LayerSources {
  readonly host: HostRecord
  /** set_fact and register; the default is what the host has. */
  readonly results?: Layer
  readonly extraVars: Variables | undefined
  readonly magic: Layer
  readonly play?: Play | undefined
  readonly prompted?: Variables | undefined
  /** Of vars_files, in their order. */
  readonly varsFiles?: readonly Variables[]
  /** Of the task and its blocks. */
  readonly taskVars?: Variables | undefined
  readonly role?: Role | undefined
  /** Variables given to the includes that brought the task, outermost first. */
  readonly includeParams?: readonly Variables[]
  /** The loop's item, and a result being retried. */
  readonly local?: Variables | undefined
}

/**
 * Ansible's order of precedence, strongest first: loop variables and magic variables, extra vars, include params, role
 * params, set_fact and registered, include_vars, task and block vars, role vars, vars_files, vars_prompt, play vars, host
 * facts, the inventory's layers, role defaults.
 */
export function variableLayers(from: LayerSources): Layer[] {
  const { host, play, role } = from
  const chain = roleChain(role)
  const layers: (Layer | undefined)[] = [
    from.local,
    from.magic,
    from.extraVars,
    ...(from.includeParams ?? []).toReversed(),
    ...chain.map((r) => r.params),
    from.results ?? host.setFacts,
    host.includeVars,
    from.taskVars,
    ...chain.map((r) => r.vars),
    ...rolesOf(play).map((r) => r.vars),
    ...(from.varsFiles ?? []).toReversed(),
    from.prompted,
    play?.vars,
    host.injected,
    ...host.inventoryLayers.map((layer) => layer.variables).toReversed(),
    ...chain.map((r) => r.defaults),
    ...rolesOf(play).map((r) => r.defaults),
  ]
  return layers.filter((layer) => layer !== undefined && !(layer instanceof Map && layer.size === 0)) as Layer[]
}

/** The role itself, then those it is a dependency of. */
export function roleChain(role: Role | undefined): Role[] {
  const chain: Role[] = []
  for (let one = role; one; one = one.parent) chain.push(one)
  return chain
}

/** Roles of a play are visible to all of its tasks; the last one wins. */
function rolesOf(play: Play | undefined): Role[] {
  return play ? play.roles.toReversed() : []
}

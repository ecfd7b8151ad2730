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
}

/**
 * Ansible's order of precedence, strongest first: loop variables and magic variables, extra vars, include params, role
 * params, set_fact and registered, include_vars, task and block vars, role vars, vars_files, vars_prompt, play vars, host
 * facts, the inventory's layers, role defaults.
 */
export function variableLayers(from: LayerSources): Layer[] {
  const { host, play, role } = from
  const chain = roleChain(role)
  const roles = rolesOf(play)
  const layers: Layer[] = [from.magic]
  // What is empty now and never written to needs no look.
  const add = (layer: Layer | undefined): void => {
    if (layer !== undefined && !(layer instanceof Map && layer.size === 0)) layers.push(layer)
  }
  add(from.extraVars)
  for (const one of (from.includeParams ?? []).toReversed()) add(one)
  for (const one of chain) add(one.params)
  layers.push(from.results ?? host.setFacts, host.includeVars)
  add(from.taskVars)
  for (const one of chain) add(one.vars)
  for (const one of roles) add(one.vars)
  for (const one of (from.varsFiles ?? []).toReversed()) add(one)
  add(from.prompted)
  add(play?.vars)
  layers.push(host.injected)
  for (const one of host.inventoryLayers.toReversed()) add(one.variables)
  for (const one of chain) add(one.defaults)
  for (const one of roles) add(one.defaults)
  return layers
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

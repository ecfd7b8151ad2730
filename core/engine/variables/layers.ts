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
  // Roles of a play are visible to all of its tasks; the last one wins.
  const roles = play?.roles ?? NONE
  const layers: Layer[] = [from.magic]
  add(layers, from.extraVars)
  lastFirst(from.includeParams ?? NONE, (one) => add(layers, one))
  for (let one = role; one; one = one.parent) add(layers, one.params)
  layers.push(from.results ?? host.setFacts, host.includeVars)
  add(layers, from.taskVars)
  for (let one = role; one; one = one.parent) add(layers, one.vars)
  lastFirst(roles, (one) => add(layers, one.vars))
  lastFirst(from.varsFiles ?? NONE, (one) => add(layers, one))
  add(layers, from.prompted)
  add(layers, play?.vars)
  layers.push(host.injected)
  lastFirst(host.inventoryLayers, (one) => add(layers, one.variables))
  for (let one = role; one; one = one.parent) add(layers, one.defaults)
  lastFirst(roles, (one) => add(layers, one.defaults))
  return layers
}

/** What is empty now and never written to needs no look. */
function add(layers: Layer[], layer: Variables | undefined): void {
  if (layer !== undefined && layer.size > 0) layers.push(layer)
}

/** The role itself, then those it is a dependency of. */
export function roleChain(role: Role | undefined): Role[] {
  const chain: Role[] = []
  for (let one = role; one; one = one.parent) chain.push(one)
  return chain
}

const NONE: readonly never[] = []

function lastFirst<T>(list: readonly T[], each: (one: T) => void): void {
  for (let i = list.length - 1; i >= 0; i--) each(list[i] as T)
}

import { dirname, resolve } from 'node:path'
import { readVariables, type VaultAccess } from '../inventory/index.ts'
import type { Inventory } from '../inventory/types.ts'
import { lostNames } from './context.ts'
import { shortName } from './names.ts'
import { allSteps } from './notifications.ts'
import type { Play, Playbook, Step } from './types.ts'

/** Variables that the engine gives, besides all that begin with `ansible_`. */
export const magicVariables: readonly string[] = [
  'inventory_hostname',
  'inventory_hostname_short',
  'inventory_dir',
  'inventory_file',
  'group_names',
  'groups',
  'hostvars',
  'play_hosts',
  'playbook_dir',
  'role_name',
  'role_names',
  'role_path',
  'omit',
  'vars',
  'environment',
  'unreachable_hosts',
  'item',
  'template_host',
  'template_path',
  'template_fullpath',
  'template_run_date',
  'template_uid',
  'template_mtime',
  'template_destpath',
]

/** Modules after which any variable may exist. */
const opens = new Set(['include_vars', 'add_host', 'set_stats'])

/** Names that something in the playbook or the inventory defines; undefined when not all of them can be known. */
export async function definedNames(
  playbook: Playbook,
  inventory: Inventory | undefined,
  extra: Iterable<string>,
  access: VaultAccess,
): Promise<Set<string> | undefined> {
  if (!inventory) return undefined
  const names = new Set<string>([...magicVariables, ...extra])
  const add = (variables: ReadonlyMap<string, unknown>): void => {
    for (const name of variables.keys()) names.add(name)
  }
  for (const host of [...inventory.hosts.keys(), 'localhost'])
    for (const layer of inventory.layers(host)) add(layer.variables)
  for (const play of playbook.plays) {
    const lost = lostNames.get(play)
    if (lost?.any) return undefined
    for (const name of lost?.names ?? []) names.add(name)
    add(play.vars)
    for (const prompt of play.varsPrompt) names.add(prompt.name)
    for (const role of play.roles) for (const layer of [role.defaults, role.vars, role.params]) add(layer)
    if (!(await addVarsFiles(play, names, access))) return undefined
    for (const step of allSteps(play)) if (!addStep(step, names)) return undefined
  }
  return names
}

/** False when a file cannot be told before the run. */
async function addVarsFiles(play: Play, names: Set<string>, access: VaultAccess): Promise<boolean> {
  for (const file of play.varsFiles) {
    if (typeof file !== 'string') return false
    const { variables } = await readVariables(resolve(dirname(play.at.file), file), access)
    for (const name of variables.keys()) names.add(name)
  }
  return true
}

/** False when the step may define names that cannot be told. */
function addStep(step: Step, names: Set<string>): boolean {
  if (step.kind === 'include') return false
  for (const name of step.vars.keys()) names.add(name)
  if (step.kind === 'block') {
    names.add('ansible_failed_task').add('ansible_failed_result')
    return true
  }
  if (step.register !== undefined) names.add(step.register)
  if (step.loop) {
    names.add(step.loop.loopVar)
    if (step.loop.indexVar !== undefined) names.add(step.loop.indexVar)
  }
  const module = shortName(step.module)
  if (opens.has(module) || (module.endsWith('_facts') && module !== 'gather_facts')) return false
  if (module !== 'set_fact') return true
  if (step.argsTemplate || !(step.args instanceof Map)) return false
  for (const key of step.args.keys()) {
    if (/\{[{%]/.test(String(key))) return false
    names.add(String(key))
  }
  return true
}

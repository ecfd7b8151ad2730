import type { Json, JsonObject } from '../../events/json.ts'
import { fromJson, Unknown, type Value } from '../../language/index.ts'
import type { Batch } from '../batch.ts'
import type { HostRecord } from '../host-record.ts'
import type { Outcome } from './outcome.ts'

/*
 * What a result does besides being a result: `ansible_facts` become facts (those of set_fact variables), `add_host` and
 * `add_group` change the inventory.
 */

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : [])

/** Applies them for a host; `facts` is where facts go: the delegated host with delegate_facts. */
export function applyEffects(
  outcome: Outcome,
  batch: Batch,
  host: HostRecord,
  facts: HostRecord,
  module: string,
  task: string,
): void {
  for (const one of outcome.items ?? [outcome]) applyOne(one, batch, host, facts, module, task)
}

function applyOne(
  outcome: Outcome,
  batch: Batch,
  host: HostRecord,
  facts: HostRecord,
  module: string,
  task: string,
): void {
  for (const name of outcome.doubtfulFacts ?? [])
    facts.addFacts([[name, new Unknown(outcome.cause ?? task, name) as Value]])
  if (outcome.status !== 'ok' && outcome.status !== 'changed') return
  const { ansible_facts: found, add_host: added, add_group: group } = outcome.json
  if (isObject(found)) {
    const entries = Object.entries(found).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, fromJson(value)] as const],
    )
    if (/(^|\.)set_fact$/.test(module)) {
      for (const [name, value] of entries) facts.setFacts.set(name, value)
      // Its own later tasks await it by name; those of another host do not.
      if (facts !== host) facts.generation++
    } else facts.addFacts(entries)
  }
  const { inventory, hosts } = batch.run
  if (isObject(added) && typeof added.host_name === 'string') {
    const variables = isObject(added.host_vars) ? added.host_vars : {}
    const entries = Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, fromJson(value)] as const],
    )
    inventory.add(added.host_name, texts(added.groups), new Map(entries))
    hosts.forgetInventory()
  }
  if (typeof group === 'string') {
    const parents = texts(outcome.json.parent_groups).filter((name) => name !== 'all')
    inventory.add(host.name, [group, ...parents], new Map())
    hosts.forgetInventory()
  }
}

import type { Block } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'
import type { HostRecord } from '../host-record.ts'
import { Catcher, type Failure } from './catcher.ts'
import type { Walk } from './walk-type.ts'

/** A block: its steps, `rescue` for hosts that failed in them, `always` for all; then unrescued failures go outwards. */
export async function runBlock(
  batch: Batch,
  block: Block,
  hosts: readonly HostRecord[],
  around: Frame,
  walk: Walk,
): Promise<void> {
  const frame: Frame = { ...around, outerVars: block.vars }
  const hasRescue = block.rescue.length > 0
  if (!hasRescue && block.always.length === 0) return walk(batch, block.steps, hosts, frame)
  const within = async (
    steps: Block['steps'],
    some: readonly HostRecord[],
    rescuable: boolean,
    onlyIfFailed = frame.onlyIfFailed,
  ): Promise<Map<string, Failure>> => {
    const catcher = new Catcher()
    const isLast = steps === block.always
    const after = isLast ? frame.after : { steps: block.always, index: 0, frame }
    const inside: Frame = { ...frame, catchers: [...frame.catchers, catcher], rescuable, after }
    await walk(batch, steps, some, onlyIfFailed === undefined ? inside : { ...inside, onlyIfFailed })
    doubts = catcher.doubts
    return catcher.take()
  }
  let doubts: ReadonlyMap<string, string> = new Map()
  let failures = await within(block.steps, hosts, frame.rescuable || hasRescue)
  const maybe = [...doubts].filter(([name]) => !failures.has(name))
  if (hasRescue && failures.size > 0) {
    const failed = hosts.filter((host) => failures.has(host.name))
    for (const host of failed) tellFailure(host, failures.get(host.name)!)
    failures = await within(block.rescue, failed, frame.rescuable)
  }
  if (hasRescue) {
    for (const [name, task] of maybe) {
      const host = batch.run.hosts.of(name)
      batch.run.speculation.strays(host)
      await within(block.rescue, [host], frame.rescuable, task)
    }
  } else for (const [name, task] of maybe) frame.catchers.at(-1)?.doubt(name, task)
  const later = await within(block.always, hosts, frame.rescuable)
  for (const [name, failure] of [...failures, ...later]) {
    const outer = frame.catchers.at(-1)
    if (outer) outer.add(name, failure)
    else batch.run.hosts.of(name).failed = true
  }
}

/** What a rescue may look at. */
function tellFailure(host: HostRecord, { task, module, outcome }: Failure): void {
  host.setFacts.set(
    'ansible_failed_task',
    new Map([
      ['name', task],
      ['action', module],
    ]),
  )
  host.setFacts.set('ansible_failed_result', outcome.value)
}

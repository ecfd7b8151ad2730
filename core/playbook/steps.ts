import { didYouMean, mapGet, type YamlMapping, type YamlNode } from '../language/index.ts'
import type { Context } from './context.ts'
import { extend } from './keywords.ts'
import { type Loader, report } from './loader.ts'
import { blockKeys } from './names.ts'
import { common } from './step.ts'
import { taskSteps } from './task.ts'
import type { Block, Step } from './types.ts'

/** Steps of a list of tasks. */
export async function stepsOf(
  loader: Loader,
  node: YamlNode | undefined,
  context: Context,
  handlers = false,
): Promise<Step[]> {
  if (!node || (node.kind === 'scalar' && node.value === null)) return []
  if (node.kind !== 'sequence') {
    report(loader, 'bad-tasks', 'tasks must be a list', node.at, 'begin each task with a dash')
    return []
  }
  const steps: Step[] = []
  for (const item of node.items) {
    if (item.kind !== 'mapping') {
      const isEmpty = item.kind === 'scalar' && item.value === null
      report(
        loader,
        'bad-task',
        isEmpty ? 'the task is empty' : 'a task must be a mapping',
        item.at,
        'remove it, or name a module',
      )
    } else if (mapGet(item, 'hosts') && (mapGet(item, 'tasks') || mapGet(item, 'roles'))) {
      report(
        loader,
        'play-among-tasks',
        'this is a play, and tasks stand here',
        item.at,
        'use import_playbook for whole playbooks',
      )
    } else if (mapGet(item, 'block')) steps.push(await blockOf(loader, item, context, handlers))
    else if (mapGet(item, 'rescue') || mapGet(item, 'always')) {
      report(loader, 'no-block', 'rescue and always need a block', item.at)
    } else steps.push(...(await taskSteps(loader, item, context, handlers)))
  }
  return steps
}

async function blockOf(loader: Loader, mapping: YamlMapping, context: Context, handlers: boolean): Promise<Block> {
  for (const { key } of mapping.entries) {
    if (blockKeys.has(key.source)) continue
    const guess = didYouMean(key.source, blockKeys)
    const isLoop = key.source === 'loop' || key.source.startsWith('with_')
    const hint = isLoop
      ? 'put the tasks into a file and use include_tasks with the loop'
      : guess && `did you mean ${guess}?`
    report(loader, 'unknown-keyword', `a block has no keyword '${key.source}'`, key.at, hint)
  }
  const inner = extend(loader, mapping, context)
  const part = (name: string) => loader.steps(mapGet(mapping, name)?.value, inner, handlers)
  return {
    ...common(loader, mapping, inner),
    kind: 'block',
    steps: await part('block'),
    rescue: await part('rescue'),
    always: await part('always'),
  }
}

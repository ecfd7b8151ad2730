import { didYouMean, mapGet, type YamlMapping } from '../language/index.ts'
import { type Loader, nodeValue, report } from './loader.ts'
import { isIdentifier } from './names.ts'
import type { Loop } from './types.ts'

const controls = ['loop_var', 'index_var', 'label', 'pause', 'extended', 'extended_allitems', 'break_when']

/** `loop`, `with_…` and `loop_control` of a task. */
export function loopOf(loader: Loader, task: YamlMapping): Loop | undefined {
  const entries = task.entries.filter(({ key }) => key.source === 'loop' || key.source.startsWith('with_'))
  const control = mapGet(task, 'loop_control')
  const [entry, second] = entries
  if (second)
    report(
      loader,
      'two-loops',
      `a task has one loop, this one has ${entry!.key.source} and ${second.key.source}`,
      second.key.at,
    )
  if (!entry) {
    if (control) report(loader, 'loop-control', 'loop_control without a loop', control.key.at)
    return undefined
  }
  const body = control?.value
  if (body && body.kind !== 'mapping') report(loader, 'loop-control', 'loop_control must be a mapping', body.at)
  const settings = body?.kind === 'mapping' ? body : undefined
  for (const { key } of settings?.entries ?? []) {
    if (controls.includes(key.source)) {
      if (key.source === 'break_when') report(loader, 'not-supported', 'break_when is not supported', key.at)
      continue
    }
    const guess = didYouMean(key.source, controls)
    report(loader, 'unknown-keyword', `loop_control has no '${key.source}'`, key.at, guess && `did you mean ${guess}?`)
  }
  const name = (key: string): string | undefined => {
    const found = settings && mapGet(settings, key)
    if (found?.value.kind !== 'scalar' || found.value.value === null) return undefined
    if (!isIdentifier(found.value.source)) {
      report(loader, 'variable-name', `'${found.value.source}' is not a name for a variable`, found.value.at)
    }
    return found.value.source
  }
  const value = (key: string) => {
    const found = settings && mapGet(settings, key)
    return found && nodeValue(loader, found.value)
  }
  return {
    items: nodeValue(loader, entry.value),
    lookup: entry.key.source === 'loop' ? undefined : entry.key.source.slice('with_'.length),
    loopVar: name('loop_var') ?? 'item',
    indexVar: name('index_var'),
    label: value('label'),
    pause: value('pause'),
    extended: value('extended') === true,
    at: entry.key.at,
  }
}

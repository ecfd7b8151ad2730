import type { Inventory } from '../inventory/index.ts'
import { Template, type Value } from '../language/index.ts'
import type { Play, Playbook, Step } from '../playbook/index.ts'
import type { RunFlags } from './run-flags.ts'

/** What --list-hosts, --list-tasks and --list-tags print. */
export function listPlaybooks(playbooks: readonly Playbook[], inventory: Inventory, flags: RunFlags): string[] {
  return playbooks.flatMap((playbook) => [
    '',
    `playbook: ${playbook.file}`,
    ...playbook.plays.flatMap((play, index) => ['', ...playLines(play, index + 1, inventory, flags)]),
  ])
}

function playLines(play: Play, number: number, inventory: Inventory, flags: RunFlags): string[] {
  const lines = [`  play #${number} (${text(play.hosts)}): ${play.name}\tTAGS: [${play.tags.join(',')}]`]
  const steps = [play.preTasks, play.roleTasks, play.tasks, play.postTasks].flatMap(flatten)
  if (flags.listHosts) {
    const { hosts } = inventory.match(text(play.hosts), flags.limit)
    lines.push(`    hosts (${hosts.length}):`, ...hosts.map((host) => `      ${host}`))
  }
  if (flags.listTasks) {
    lines.push('    tasks:')
    for (const step of steps) {
      const role = step.role === undefined ? '' : `${step.role.name} : `
      lines.push(
        `      ${role}${text(step.name ?? (step.kind === 'task' ? step.module : 'include'))}\tTAGS: [${step.tags.join(', ')}]`,
      )
    }
  }
  if (flags.listTags)
    lines.push(`    TASK TAGS: [${[...new Set(steps.flatMap((step) => step.tags))].sort().join(', ')}]`)
  return lines
}

/** Tasks and includes in order, those of blocks too. */
function flatten(steps: readonly Step[]): Exclude<Step, { kind: 'block' }>[] {
  return steps.flatMap((step) =>
    step.kind === 'block' ? flatten([...step.steps, ...step.rescue, ...step.always]) : [step],
  )
}

function text(value: Value): string {
  if (value instanceof Template) return value.source
  return Array.isArray(value) ? value.map(text).join(',') : String(value)
}

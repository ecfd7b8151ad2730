import { Template } from '../language/values.ts'
import { allSteps } from './notifications.ts'
import type { Play, Playbook, Step } from './types.ts'

/** What --tags and --skip-tags say. */
export interface TagSelection {
  /** Empty: all. `all`, `tagged` and `untagged` are special. */
  readonly tags?: readonly string[] | undefined
  readonly skipTags?: readonly string[] | undefined
}

const UNTAGGED: readonly string[] = ['untagged']
const ALL: readonly string[] = ['all']

/** Whether a step with these tags is to run, as Ansible decides it: `always` and `never` are special tags of a step. */
export function isSelected(stepTags: readonly string[], selection: TagSelection): boolean {
  const own = stepTags.length > 0 ? stepTags : UNTAGGED
  const only = selection.tags && selection.tags.length > 0 ? selection.tags : ALL
  const skip = selection.skipTags ?? []
  const shares = (wanted: readonly string[]): boolean => own.some((tag) => wanted.includes(tag))
  let run = false
  if (own.includes('always')) run = true
  else if (only.includes('all') && !own.includes('never')) run = true
  else if (shares(only)) run = true
  else if (only.includes('tagged') && !own.includes('untagged') && !own.includes('never')) run = true
  if (!run || skip.length === 0) return run
  if (skip.includes('all')) return own.includes('always') && !skip.includes('always')
  if (shares(skip)) return false
  return !(skip.includes('tagged') && !own.includes('untagged'))
}

/** The first step that --start-at-task means: by id, by name, or by a name with `*` and `?`. Undefined: none. */
export function findStart(plays: readonly Play[], wanted: string): Step | undefined {
  const glob = new RegExp(
    `^${wanted
      .replace(/[\\^$.|+(){}[\]]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  )
  for (const play of plays) {
    for (const part of [play.preTasks, play.roleTasks, play.tasks, play.postTasks]) {
      for (const step of allSteps({ ...play, preTasks: part, roleTasks: [], tasks: [], postTasks: [], handlers: [] })) {
        const name = stepName(step)
        const inRole = step.role ? `${step.role.name} : ${name}` : name
        if (step.kind !== 'block' && (step.id === wanted || glob.test(name) || glob.test(inRole))) return step
      }
    }
  }
  return undefined
}

/** A step's name as it is shown before a run: templates as they are written, the module where there is none. */
export function stepName(step: Step): string {
  if (typeof step.name === 'string') return step.name
  if (step.name instanceof Template) return step.name.source
  if (step.kind === 'task') return step.module
  return step.kind === 'block' ? 'block' : `include_${step.what}`
}

/** For --list-tasks and --list-tags. */
export interface ListedPlay {
  readonly name: string
  readonly hosts: string
  readonly tags: readonly string[]
  readonly tasks: readonly {
    readonly name: string
    readonly role: string | undefined
    readonly tags: readonly string[]
  }[]
  /** All tags of its tasks, sorted. */
  readonly taskTags: readonly string[]
}

/** What a run with these tags would do, as far as it is known before it. */
export function listPlaybook(playbook: Playbook, selection: TagSelection): ListedPlay[] {
  return playbook.plays.map((play) => {
    const steps = [...allSteps({ ...play, handlers: [] })].filter(
      (s) => s.kind !== 'block' && isSelected(s.tags, selection),
    )
    const tasks = steps.map((step) => ({ name: stepName(step), role: step.role?.name, tags: step.tags }))
    const hosts = Array.isArray(play.hosts) ? play.hosts : [play.hosts]
    return {
      name: play.name,
      hosts: hosts.map((one) => (one instanceof Template ? one.source : String(one))).join(','),
      tags: play.tags,
      tasks,
      taskTags: [...new Set(tasks.flatMap((task) => task.tags))].sort(),
    }
  })
}

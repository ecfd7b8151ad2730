/*
 * Check mode: what was not applied, and what it may reach. See docs/adr/0002-check-mode-unknowns.md.
 */

/** What a task may touch: the whole host, or only the things it names. */
export type Reach = 'host' | 'subject'

/** A change that the real run would or might make, and the check run did not. */
export interface Taint {
  /** Name of the task, for messages. */
  readonly task: string
  /** The task in its inclusion: its effects on another host do not count as earlier. */
  readonly instance: string
  readonly host: string
  /** Its effects stay on that host. */
  readonly local: boolean
  readonly reach: Reach
  /** Names and paths it is about. */
  readonly subjects: ReadonlySet<string>
}

/** All unapplied changes of a run, in order. */
export class Taints {
  readonly #taints: Taint[] = []

  add(taint: Taint): void {
    this.#taints.push(taint)
  }

  /** The first earlier task that may change what a task with these subjects finds on the host. */
  affecting(host: string, instance: string, subjects: ReadonlySet<string>): Taint | undefined {
    return this.#taints.find(
      (taint) => reaches(taint, host, instance) && (taint.reach === 'host' || overlap(taint.subjects, subjects)),
    )
  }

  /** The latest earlier task that left something unapplied for this host, whatever it is about. */
  latest(host: string, instance: string): Taint | undefined {
    return this.#taints.findLast((taint) => reaches(taint, host, instance))
  }
}

function reaches(taint: Taint, host: string, instance: string): boolean {
  if (taint.host === host) return true
  return !taint.local && taint.instance !== instance
}

/** The same name, a path and what lies below it, or a name that is part of a path. */
export function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const one of a) for (const other of b) if (related(one, other)) return true
  return false
}

function related(a: string, b: string): boolean {
  if (a === b) return true
  const [isPathA, isPathB] = [a.startsWith('/'), b.startsWith('/')]
  if (isPathA && isPathB) return below(a, b) || below(b, a)
  if (isPathA) return namedIn(a, b)
  return isPathB && namedIn(b, a)
}

const below = (path: string, folder: string): boolean => path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)

const namedIn = (path: string, name: string): boolean =>
  path.split('/').some((part) => part === name || part.startsWith(`${name}.`))

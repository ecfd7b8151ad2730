import type { JointRead } from '../../../core/connection/joint.ts'
import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { CommandResult } from '../../../core/connection/types.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import { apt } from './apt.ts'
import type { PackageBackend, PackageQuery, PackageState } from './backend.ts'
import { NAME, namesFor } from './names.ts'
import { dnf, zypper } from './rpm.ts'

/** By what is installed: apt before dnf, as a Debian may carry rpm's tools. */
const BACKENDS: readonly (readonly [PackageBackend, ShellText])[] = [
  [apt, sh`command -v apt-get >/dev/null && command -v dpkg-query >/dev/null`],
  [dnf, sh`command -v dnf >/dev/null || command -v yum >/dev/null`],
  [zypper, sh`command -v zypper >/dev/null`],
]

/** The one that the module is for, or all. */
export const managers = (fixed: PackageBackend | undefined): Possible => (fixed ? [[fixed, sh`:`]] : BACKENDS)

/** Package managers with what tells whether a host has them. */
export type Possible = readonly (readonly [PackageBackend, ShellText])[]

/** What one of them says, behind its name. */
export function choice(possible: Possible, pick: (backend: PackageBackend) => ShellText): ShellText {
  const choices = possible.map(([one, there]) => sh`if ${there}; then echo ${one.name}; ${pick(one)}\nexit; fi`)
  return sh.join([...choices, sh`exit 0`])
}

/** The name, and what was said. */
export function answered({ stdout }: CommandResult): [string, string] {
  const text = stdout.toString()
  const end = text.indexOf('\n')
  return [text.slice(0, Math.max(0, end)), text.slice(end + 1)]
}

/** The package manager of a host, and what it knows of the packages that were asked for. */
export interface KnownPackages {
  readonly backend: PackageBackend
  readonly packages: ReadonlyMap<string, PackageState>
}
type Query = JointRead<readonly string[], KnownPackages>

const known = new Map<string, Query>()

/** What is known of the packages that a list names, for all tasks that ask at once by one reading of the database. */
export function queries(fixed: PackageBackend | undefined, candidates: boolean, fresh: boolean): Query {
  const id = [fixed?.name, candidates, fresh].join()
  const made = known.get(id) ?? query(managers(fixed), candidates, fresh)
  known.set(id, made)
  return made
}

function query(possible: Possible, candidates: boolean, fresh: boolean): Query {
  const wanted = (backend: PackageBackend, tasks: readonly (readonly string[])[]): PackageQuery => {
    const names = tasks.flatMap((names) => namesFor(backend, names)).filter((name) => NAME.test(name))
    return { names: [...new Set(names)], candidates, fresh }
  }
  return {
    key: (names) => names.join('\n'),
    most: 100,
    script: (tasks) =>
      choice(possible, (one) => {
        const ask = wanted(one, tasks)
        return ask.names.length === 0 ? sh`:` : one.query(ask)
      }),
    parse(answer, tasks) {
      const [name, text] = answered(answer)
      const backend = possible.map(([one]) => one).find((one) => one.name === name)
      if (!backend)
        throw new ModuleFailure('no package manager that we know', { hint: 'apt, dnf, yum and zypper are known' })
      const ask = wanted(backend, tasks)
      const all: KnownPackages['packages'] = ask.names.length === 0 ? new Map() : backend.parse(text, ask)
      return tasks.map((names) => {
        const own = new Set(namesFor(backend, names))
        return { backend, packages: new Map([...all].filter(([one]) => own.has(one))) }
      })
    },
  }
}

import fc from 'fast-check'
import { stringify } from 'yaml'
import { type Place, task, type Yaml } from './ingredients.ts'
import { type Files, HOSTS, type Scene } from './world.ts'

/** Steps, and the files that they include, by name. */
type Step = (place: Place, names: Names) => Yaml

/** Gives every task a name of its own, and keeps the files of includes. */
class Names {
  readonly files: Record<string, string> = {}
  #count = 0

  next(what: string): string {
    return `${what} ${this.#count++}`
  }

  role(steps: readonly Yaml[]): string {
    const name = `role${this.#count++}`
    this.files[`ctl/roles/${name}/tasks/main.yml`] = stringify(steps)
    this.files[`ctl/roles/${name}/defaults/main.yml`] = stringify({ v0: 'of a role', v2: '{{ v1 }}' })
    this.files[`ctl/roles/${name}/vars/main.yml`] = stringify({ nested: 'of a role, {{ v0 }}' })
    return name
  }

  file(steps: readonly Yaml[]): string {
    const name = `inc${this.#count++}.yml`
    this.files[`ctl/${name}`] = stringify(steps)
    return name
  }
}

const many = (one: fc.Arbitrary<Step>, maxLength: number): fc.Arbitrary<Step[]> =>
  fc.array(one, { minLength: 1, maxLength })
const all = (steps: readonly Step[], place: Place, names: Names): Yaml[] => steps.map((one) => one(place, names))

const plain: fc.Arbitrary<Step> = task.map((make) => (place, names) => ({ name: names.next('task'), ...make(place) }))

/** What holds tasks, or stands between them. */
const structures: readonly { readonly weight: number; readonly step: fc.Arbitrary<Step> }[] = [
  { weight: 20, step: plain },
  { weight: 1, step: fc.constant(() => ({ meta: 'flush_handlers' })) },
  { weight: 1, step: fc.constant(() => ({ meta: 'end_host', when: "inventory_hostname == 'h3' and r0 is defined" })) },
  { weight: 1, step: fc.constant((_, names) => ({ name: names.next('fail'), fail: { msg: 'as it should' } })) },
  {
    weight: 3,
    step: fc.tuple(many(plain, 3), many(plain, 2), many(plain, 2), fc.boolean(), fc.boolean()).map(
      ([block, rescue, always, hasRescue, hasAlways]): Step =>
        (place, names) => ({
          block: all(block, place, names),
          ...(hasRescue && { rescue: all(rescue, place, names) }),
          ...(hasAlways && { always: all(always, place, names) }),
        }),
    ),
  },
  {
    weight: 2,
    step: many(plain, 3).map(
      (steps): Step =>
        (place, names) => ({ name: names.next('include'), include_tasks: names.file(all(steps, place, names)) }),
    ),
  },
  {
    weight: 1,
    step: fc.tuple(many(plain, 2), many(plain, 2)).map(
      ([one, two]): Step =>
        (place, names) => ({
          name: names.next('includes'),
          include_tasks: '{{ item }}',
          loop: [names.file(all(one, place, names)), names.file(all(two, place, names))],
        }),
    ),
  },
  {
    weight: 1,
    step: many(plain, 2).map(
      (steps): Step =>
        (place, names) => ({ import_tasks: names.file(all(steps, place, names)) }),
    ),
  },
  {
    weight: 1,
    step: fc.tuple(many(plain, 3), fc.boolean()).map(
      ([steps, isStatic]): Step =>
        (place, names) => {
          const role = { name: names.role(all(steps, place, names)) }
          return isStatic ? { import_role: role } : { name: names.next('role'), include_role: role }
        },
    ),
  },
]

const step = fc.oneof(...structures.map(({ weight, step }) => ({ weight, arbitrary: step })))

const started: Files = {
  'ctl/f0': 'f0\n',
  'ctl/f1': 'f1\n',
  'ctl/f0.j2': 'v0={{ v0 }} of {{ inventory_hostname }}\n',
  'ctl/f1.j2': "{{ lookup('file', ctl ~ '/f0') }} {{ nested }} {{ r0 is defined and r0 is changed }}\n",
  'ctl/more.yml': 'v0: from a file\n',
  ...Object.fromEntries(HOSTS.map((host) => [`ctl/own-${host}`, 'own\n'])),
  ...Object.fromEntries(HOSTS.map((host) => [`ctl/own-${host}.j2`, '{{ v1 }} {{ r1 is defined }}\n'])),
}
const maybe: Files = {
  'h1/a': 'one\n',
  'h2/a': 'two\n',
  'h3/d/x': 'three\n',
  'h1/b/': '',
  'shared/a': 'shared\n',
  'shared/d/': '',
}

/** Heads of a play. */
const heads = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ hosts: 'all' }) },
  { weight: 2, arbitrary: fc.constant({ hosts: 'h1' }) },
  { weight: 2, arbitrary: fc.constant({ hosts: 'all', strategy: 'free' }) },
  { weight: 1, arbitrary: fc.constant({ hosts: 'all', serial: 1 }) },
  { weight: 1, arbitrary: fc.constant({ hosts: 'all', serial: 2 }) },
  { weight: 1, arbitrary: fc.constant({ hosts: 'all', force_handlers: true }) },
  { weight: 1, arbitrary: fc.constant({ hosts: 'all', any_errors_fatal: true }) },
  { weight: 1, arbitrary: fc.constant({ hosts: 'all', max_fail_percentage: 30 }) },
)

/** Random playbooks whose outcome is defined, and what they start from. */
export const scenes: fc.Arbitrary<Scene> = fc
  .record({
    head: heads,
    steps: fc.array(step, { minLength: 2, maxLength: 8 }),
    more: fc.array(step, { maxLength: 2 }),
    forks: fc.constantFrom(1, 50, 50),
    handlers: fc.tuple(plain, plain),
    there: fc.subarray(Object.keys(maybe)),
    gone: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    check: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  })
  .map(({ head, steps, more, forks, handlers, there, gone, check }) => {
    const names = new Names()
    const place: Place = { strategy: 'strategy' in head ? 'free' : 'linear' }
    const play = {
      name: 'play',
      ...head,
      gather_facts: false,
      lease: false,
      vars: { v0: 'one', v1: 'zero', nested: '{{ v0 }}, nested' },
      tasks: all(steps, place, names),
      handlers: handlers.map((one, i) => ({ ...one(place, names), name: `handler ${i}` })),
    }
    const second = { ...play, name: 'second play', hosts: 'h1:h2', tasks: all(more, place, names) }
    const here = Object.fromEntries(there.map((name) => [name, maybe[name]!]))
    // Under free, what was not applied first is a matter of time.
    return {
      plays: more.length > 0 ? [play, second] : [play],
      files: { ...started, ...names.files, ...here },
      forks,
      gone,
      check: check && place.strategy === 'linear',
    }
  })

import fc from 'fast-check'

/*
 * What random playbooks are made of. A line more here is all that a new module, keyword or structure takes.
 */

export type Yaml = Record<string, unknown>

/** Where a task stands: what must differ from place to place, so that every outcome is defined. */
export interface Place {
  readonly strategy: 'linear' | 'free'
}

/** A path that tasks write and read; `lone` ones are the same for all hosts, so one host at a time may write there. */
export interface Spot {
  readonly path: string
  readonly lone: boolean
}

const spot = (path: string): Spot => ({ path, lone: path.includes('shared') })
export const spots: readonly Spot[] = [
  ...['{{ home }}/a', '{{ home }}/a', '{{ home }}/b', '{{ home }}/d', '{{ home }}/d/x'],
  ...['{{ shared }}/a', '{{ shared }}/d', '{{ shared }}/d/x'],
].map(spot)

const sources = ['f0', 'f1']

/** Values, also of what tasks before set and register. */
export const expressions = [
  ...['one', 'two', '{{ v0 }}', '{{ v1 }}', '{{ nested }}'],
  "{{ lookup('vars', 'v0') }}",
  '{{ r0 is defined and r0 is changed }}',
  "{{ (r1 | default({})).stdout | default('nothing') }}",
  "{{ ((r0 | default({})).stat | default({})).exists | default('unknown') }}",
  "{{ (ansible_failed_task | default({})).name | default('fine') }}",
  "{{ lookup('pipe', 'echo said >>' ~ log ~ '; cat ' ~ ctl ~ '/f0 2>/dev/null || :') }}",
  "{{ lookup('file', ctl ~ '/f1') }}",
  "{{ lookup('file', home ~ '/a', errors='ignore') }}",
  "{{ 'v0' | extract(vars) }}",
  "{{ (home ~ '/b') is exists }}",
  "{{ hostvars['h1']['v0'] }}",
  "{{ [v0, v1] | join('+') }}",
]

const conditions = [
  'v0 == "one"',
  'r0 is defined and r0 is changed',
  '(r1 | default({})).rc | default(0) == 0',
  'not ((r0 | default({})).stat | default({})).exists | default(false)',
  "inventory_hostname != 'h2'",
  "(ctl ~ '/f0') is file",
  "(home ~ '/a') is file",
]

/** A task before keywords. `writes`: what it does is not defined where several hosts do it in one place at a time. */
interface Ingredient {
  readonly name: string
  readonly weight?: number
  readonly writes?: boolean
  readonly yaml: (parts: { path: string; value: string; source: string; flag: boolean; place: Place }) => Yaml
}

const v = (flag: boolean): string => (flag ? 'v0' : 'v1')

/** Modules. */
export const modules: readonly Ingredient[] = [
  { name: 'stat', weight: 4, yaml: ({ path }) => ({ stat: { path } }) },
  { name: 'look', yaml: ({ path }) => ({ command: `ls ${path}`, changed_when: false, failed_when: false }) },
  { name: 'read', yaml: ({ path }) => ({ shell: `cat ${path}`, changed_when: false, failed_when: false }) },
  { name: 'debug', yaml: ({ value }) => ({ debug: { msg: value } }) },
  { name: 'fact', weight: 2, yaml: ({ value, flag }) => ({ set_fact: { [v(flag)]: value } }) },
  {
    name: 'facts',
    yaml: ({ value, flag }) => ({ set_fact: `{{ {"${v(flag)}": "${value.includes('{{') ? 'three' : value}"} }}` }),
  },
  { name: 'vars', yaml: () => ({ include_vars: 'more.yml' }) },
  { name: 'group', yaml: ({ flag }) => ({ group_by: { key: flag ? 'some' : "{{ 'of' ~ inventory_hostname }}" } }) },
  { name: 'raw', yaml: ({ path }) => ({ raw: `cat ${path} || :` }) },
  // A host that nobody reaches has none, and the controller may be asked for it.
  { name: 'wait', yaml: () => ({ wait_for: { path: '{{ home }}', timeout: 3 } }) },
  { name: 'assert', yaml: ({ value }) => ({ assert: { that: `"${value.includes('{{') ? 'one' : value}" == v0` } }) },
  {
    name: 'folder',
    writes: true,
    yaml: ({ path, flag }) => ({ file: { path, state: 'directory', mode: flag ? '0755' : '0700' } }),
  },
  { name: 'absent', writes: true, yaml: ({ path }) => ({ file: { path, state: 'absent' } }) },
  { name: 'touch', writes: true, yaml: ({ path }) => ({ file: { path, state: 'touch' } }) },
  { name: 'link', writes: true, yaml: ({ path }) => ({ file: { path, state: 'link', src: 'a' } }) },
  { name: 'mode', writes: true, yaml: ({ path, flag }) => ({ file: { path, mode: flag ? '0640' : '0600' } }) },
  { name: 'content', weight: 3, writes: true, yaml: ({ path, value }) => ({ copy: { content: value, dest: path } }) },
  { name: 'copy', writes: true, yaml: ({ path, source }) => ({ copy: { src: source, dest: path } }) },
  {
    name: 'template',
    weight: 2,
    writes: true,
    yaml: ({ path, source }) => ({ template: { src: `${source}.j2`, dest: path } }),
  },
  { name: 'line', writes: true, yaml: ({ path, value }) => ({ lineinfile: { path, line: value, create: true } }) },
  { name: 'command', writes: true, yaml: ({ path }) => ({ command: `touch ${path}` }) },
  { name: 'creates', writes: true, yaml: ({ path }) => ({ command: { cmd: `mkdir ${path}`, creates: path } }) },
  {
    name: 'append',
    writes: true,
    yaml: ({ path, value }) => ({ shell: `echo '${value.replaceAll("'", '"')}' >>${path}` }),
  },
  { name: 'harmless', writes: true, yaml: ({ path }) => ({ shell: `echo x >>${path}`, changed_when: false }) },
  { name: 'again', yaml: ({ path }) => ({ stat: { path }, until: 'true', retries: 1, delay: 0 }) },
  {
    name: 'source',
    yaml: ({ source, value, place }) => ({
      copy: { content: value, dest: `{{ ctl }}/${source}` },
      delegate_to: 'localhost',
      ...(place.strategy === 'linear' && { run_once: true }),
    }),
  },
  { name: 'given', yaml: ({ flag }) => ({ test_gives: { name: v(flag) } }) },
  { name: 'woken', yaml: ({ path }) => ({ test_wakes: { log: '{{ log }}.woken', path } }) },
]

/** Keywords beside a module; `only` says where the outcome stays defined. */
interface Keyword {
  readonly name: string
  readonly weight?: number
  readonly only?: (place: Place, lone: boolean) => boolean
  readonly yaml: (parts: { value: string; condition: string; host: string; flag: boolean }) => Yaml
}

export const keywords: readonly Keyword[] = [
  { name: 'none', weight: 8, yaml: () => ({}) },
  { name: 'register', weight: 4, yaml: ({ flag }) => ({ register: flag ? 'r0' : 'r1' }) },
  { name: 'when', weight: 3, yaml: ({ condition }) => ({ when: [condition] }) },
  { name: 'become', yaml: () => ({ become: true, become_user: '{{ other }}' }) },
  { name: 'delegate_to', weight: 2, yaml: ({ host }) => ({ delegate_to: host }) },
  {
    name: 'delegate_facts',
    yaml: ({ host }) => ({ delegate_to: host, delegate_facts: true }),
    only: ({ strategy }, lone) => strategy === 'linear' && lone,
  },
  { name: 'run_once', yaml: () => ({ run_once: true }), only: ({ strategy }) => strategy === 'linear' },
  { name: 'throttle', yaml: () => ({ throttle: 1 }) },
  { name: 'ignore_errors', yaml: () => ({ ignore_errors: true }) },
  { name: 'failed_when', yaml: ({ flag }) => ({ failed_when: flag }) },
  { name: 'changed_when', yaml: ({ flag }) => ({ changed_when: flag }) },
  { name: 'notify', weight: 2, yaml: ({ flag }) => ({ notify: flag ? 'handler 0' : 'handler 1' }) },
  { name: 'loop', weight: 2, yaml: ({ value }) => ({ loop: ['one', value, '{{ v1 }}'] }) },
  { name: 'vars', yaml: ({ value }) => ({ vars: { nested: `of the task ${value}` } }) },
  { name: 'check_mode', yaml: () => ({ check_mode: true }) },
  { name: 'environment', yaml: ({ value }) => ({ environment: { GIVEN: value } }) },
  { name: 'no_log', yaml: () => ({ no_log: true }) },
  { name: 'timeout', yaml: () => ({ timeout: 60 }) },
  { name: 'tags', yaml: () => ({ tags: ['some'] }) },
]

const pick = <T extends { readonly weight?: number }>(from: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(...from.map((one) => ({ arbitrary: fc.constant(one), weight: one.weight ?? 1 })))

/** A task with some keywords. */
export const task: fc.Arbitrary<(place: Place) => Yaml> = fc
  .record({
    module: pick(modules),
    keywords: fc.array(pick(keywords), { maxLength: 3 }),
    spot: fc.constantFrom(...spots),
    value: fc.constantFrom(...expressions),
    condition: fc.constantFrom(...conditions),
    source: fc.constantFrom(...sources),
    host: fc.constantFrom('h1', 'h2', 'h3', 'localhost'),
    lone: fc.constantFrom('h1', 'h2', 'h3'),
    flag: fc.boolean(),
  })
  .map(({ module, keywords, spot, value, condition, source, host, lone, flag }) => (place) => {
    const isFree = place.strategy === 'free'
    const path = isFree ? spot.path.replace('shared', 'home') : spot.path
    const said = isFree && value.includes('hostvars') ? 'own' : value
    const inTurn = keywords.some((one) => one.name === 'throttle')
    const alone = (module.writes && spot.lone && !inTurn) || keywords.some((one) => one.name === 'delegate_facts')
    const file = isFree ? 'own-{{ inventory_hostname }}' : source
    const made: Yaml = module.yaml({ path, value: said, source: file, flag, place })
    const guard = alone && !isFree ? [`inventory_hostname == '${lone}'`] : []
    for (const keyword of keywords) {
      if (keyword.only && !keyword.only(place, alone)) continue
      const more = keyword.yaml({ value: said, condition, host, flag })
      if (Object.keys(more).some((key) => key in made && key !== 'when')) continue
      Object.assign(
        made,
        more,
        'when' in more && 'when' in made ? { when: [...(made.when as []), ...(more.when as [])] } : {},
      )
    }
    if (guard.length > 0) made.when = [...guard, ...((made.when as string[]) ?? [])]
    return made
  })

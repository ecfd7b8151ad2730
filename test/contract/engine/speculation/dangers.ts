import { stringify } from 'yaml'
import type { Rule } from '../../../../core/engine/speculation/rules.ts'
import type { Yaml } from './ingredients.ts'
import type { Files, Scene } from './world.ts'

/** A playbook in which a probe that runs ahead would see what its task would not. */
export interface Danger {
  readonly name: string
  /** Without it the outcome is another one; undefined: several stand in the way. */
  readonly rule?: Rule
  readonly scene: Scene
}

const first: Yaml = { name: 'first', stat: { path: '{{ home }}/nothing' } }
const stat = (path: string, more: Yaml = {}): Yaml => ({ name: 'look', stat: { path }, ...more })
const write = (content: string, dest = '{{ home }}/a', more: Yaml = {}): Yaml => ({
  name: 'write',
  copy: { content, dest },
  ...more,
})

interface More {
  readonly hosts?: string
  readonly strategy?: 'free'
  readonly files?: Files
  readonly beside?: Scene['beside']
  readonly check?: boolean
}

/** What would hang is hung only ahead of its turn. */
export const HANGS = (): Scene =>
  scene([write('x'), { name: 'hang', test_hangs: { path: '{{ home }}/a' } }, { name: 'command', command: 'true' }])

/** A play on h1 whose first task finds nothing to do: those behind it run ahead. */
function scene(
  tasks: readonly Yaml[],
  { hosts = 'h1', strategy, files = {}, beside, check = false }: More = {},
): Scene {
  const named = [first, ...tasks].map((one, i) => ('name' in one ? { ...one, name: `${i} ${one.name}` } : one))
  const play = {
    hosts,
    ...(strategy && { strategy }),
    gather_facts: false,
    lease: false,
    vars: { v0: 'old' },
    tasks: named,
  }
  return { plays: [play], files, check, ...(beside && { beside }) }
}

const log = (said: string): string => `{{ lookup('pipe', 'echo x >>' ~ log ~ '; echo ${said}') }}`
const included = (...tasks: Yaml[]): string => stringify(tasks)
const asOther: Yaml = { become: true, become_user: '{{ other }}' }

export const DANGERS: readonly Danger[] = [
  {
    name: 'a folder is made, then looked at',
    rule: 'own-writes',
    scene: scene([{ name: 'make', file: { path: '{{ home }}/d', state: 'directory' } }, stat('{{ home }}/d')]),
  },
  {
    name: 'one host writes what another one looks at',
    rule: 'fleet-writes',
    scene: scene([write('x', '{{ shared }}/a', { when: "inventory_hostname == 'h1'" }), stat('{{ shared }}/a')], {
      hosts: 'all',
    }),
  },
  {
    name: 'a slow write by one user, then a look by another',
    rule: 'common-order',
    scene: scene([
      stat('{{ home }}', asOther),
      { name: 'slow', shell: 'sleep 0.3; touch {{ home }}/a' },
      stat('{{ home }}/a', asOther),
    ]),
  },
  {
    name: 'the source of a copy is written on the controller',
    rule: 'own-writes',
    scene: scene(
      [
        write('new', '{{ ctl }}/f0', { delegate_to: 'localhost' }),
        { name: 'copy', copy: { src: 'f0', dest: '{{ home }}/a' } },
      ],
      {
        strategy: 'free',
        files: { 'ctl/f0': 'old' },
      },
    ),
  },
  {
    name: 'a module gives facts that it did not declare',
    rule: 'variables',
    scene: scene([{ name: 'gives', test_gives: { name: 'x' } }, write("{{ ansible_given_x | default('none') }}")]),
  },
  {
    name: 'another host is given a variable',
    scene: scene(
      [
        {
          name: 'give',
          set_fact: { v0: 'new' },
          delegate_to: 'h2',
          delegate_facts: true,
          when: "inventory_hostname == 'h1'",
          vars: { v0: 'x' },
        },
        write('{{ v0 }}'),
      ],
      { hosts: 'h1:h2' },
    ),
  },
  {
    name: 'a rescue sets what comes behind it reads',
    rule: 'failures',
    scene: scene([
      {
        block: [stat('{{ home }}'), { name: 'fail', fail: {} }],
        rescue: [{ name: 'set', set_fact: { v0: 'new' } }],
        always: [write('{{ v0 }}')],
      },
    ]),
  },
  {
    name: 'in check mode, a rescue might set what comes behind it reads',
    rule: 'failures',
    scene: scene(
      [
        {
          block: [stat('{{ home }}'), { name: 'undecided', command: 'true' }],
          rescue: [{ name: 'set', set_fact: { v0: 'new' } }],
          always: [write('{{ v0 }}')],
        },
      ],
      { check: true },
    ),
  },
  {
    name: 'a rescue for a failure on another host',
    rule: 'failures',
    scene: scene(
      [
        {
          block: [stat('{{ home }}'), { name: 'fail', fail: {}, run_once: true }],
          rescue: [{ name: 'set', set_fact: { v0: 'new' } }],
          always: [write('{{ v0 }}')],
        },
      ],
      { hosts: 'h1:h2' },
    ),
  },
  {
    name: 'a host waits for another one, and meanwhile somebody writes',
    rule: 'age',
    scene: scene(
      [{ name: 'slow', test_slow: { probe: 2.3 }, when: "inventory_hostname == 'h2'" }, stat('{{ home }}/a')],
      {
        hosts: 'h1:h2',
        beside: { at: 'task_started', task: '1 slow', ms: 300, files: ['h1/a'] },
      },
    ),
  },
  {
    name: 'what could not be looked at can be looked at now',
    rule: 'errors',
    scene: scene(
      [
        { name: 'slow', test_slow: { probe: 1.2 }, when: "inventory_hostname == 'h2'" },
        { name: 'demand', test_demands: { path: '{{ home }}/a' } },
      ],
      { hosts: 'h1:h2', beside: { at: 'task_started', task: '1 slow', ms: 300, files: ['h1/a', 'h2/a'] } },
    ),
  },
  {
    name: 'a result is an argument',
    rule: 'pending',
    scene: scene([
      stat('{{ home }}', { register: 'r' }),
      write("{{ (r | default({'stat': {'exists': 'unknown'}})).stat.exists }}"),
    ]),
  },
  {
    name: 'a result is a condition',
    rule: 'pending',
    scene: scene([
      stat('{{ home }}', { register: 'r' }),
      stat('{{ home }}', { when: 'r is not defined', register: 's' }),
    ]),
  },
  {
    name: 'a fact is read by way of another variable, in a template',
    rule: 'pending',
    scene: scene(
      [
        { name: 'set', set_fact: { v0: 'new' } },
        { name: 'render', template: { src: 't.j2', dest: '{{ home }}/a' } },
      ],
      {
        files: { 'ctl/t.j2': "{{ vars['v0'] }} {{ lookup('vars', 'v0') }}\n" },
      },
    ),
  },
  {
    name: 'a lookup leaves a trace',
    rule: 'moods',
    scene: scene([{ name: 'make', file: { path: '{{ home }}/d', state: 'directory' } }, write(log('said'))]),
  },
  {
    name: 'a probe leaves a trace',
    rule: 'wakes',
    scene: scene([
      { name: 'make', file: { path: '{{ home }}/d', state: 'directory' } },
      { name: 'wake', test_wakes: { log: '{{ log }}', path: '/' } },
    ]),
  },
  {
    name: 'an included file sets what comes behind it reads',
    rule: 'barriers',
    scene: scene([{ name: 'include', include_tasks: 'inc.yml' }, write('{{ v0 }}')], {
      files: { 'ctl/inc.yml': included({ name: 'set', set_fact: { v0: 'new' } }) },
    }),
  },
  {
    name: 'a handler registers what comes behind it reads',
    rule: 'barriers',
    scene: ((): Scene => {
      const { plays, files } = scene([
        { name: 'change', command: 'true', notify: 'told' },
        stat('{{ home }}'),
        { meta: 'flush_handlers' },
        write("{{ (r | default({'stat': {'exists': 'unknown'}})).stat.exists }}"),
      ])
      const [play] = plays as [Yaml]
      return {
        plays: [{ ...play, handlers: [{ ...stat('{{ home }}', { register: 'r' }), name: 'told' }] }],
        files: files!,
      }
    })(),
  },
  {
    name: 'one file is included after the other, and then what they set is read',
    scene: scene([{ name: 'includes', include_tasks: '{{ item }}', loop: ['one.yml', 'two.yml'] }, write('{{ v0 }}')], {
      files: {
        'ctl/one.yml': included(stat('{{ home }}/x')),
        'ctl/two.yml': included({ name: 'set', set_fact: { v0: 'new' } }),
      },
    }),
  },
  {
    name: 'under free, a host’s own task writes on another host',
    scene: scene([write('x', '{{ home }}/a', { delegate_to: 'h2' }), stat('{{ home }}/a')], { strategy: 'free' }),
  },
  {
    name: 'under free, one host writes once for all',
    scene: scene(
      [
        { name: 'late', test_slow: { probe: 0.2 }, when: "inventory_hostname == 'h2'" },
        { name: 'once', test_slow: { path: '{{ shared }}/a', apply: 0.6 }, run_once: true },
        stat('{{ shared }}/a'),
      ],
      { hosts: 'h1:h2', strategy: 'free' },
    ),
  },
  {
    name: 'hosts go through a task one behind the other',
    scene: scene([write('x', '{{ shared }}/a', { throttle: 1 })], { hosts: 'all' }),
  },
  {
    name: 'a task is tried until somebody has written',
    scene: scene(
      [stat('{{ home }}/b', { register: 'r', until: 'r.stat.exists', retries: 20, delay: 0.2 }), stat('{{ home }}/a')],
      { beside: { at: 'host_retry', task: '1 look', ms: 0, files: ['h1/a', 'h1/b'] } },
    ),
  },
  {
    name: 'a task waits until somebody has written, if that is wanted',
    scene: scene(
      [
        stat('{{ home }}', { register: 'r' }),
        { name: 'wait', wait_for: { path: '{{ home }}/b' }, when: 'r.stat.exists' },
        stat('{{ home }}/a'),
      ],
      { beside: { at: 'host_started', task: '2 wait', ms: 300, files: ['h1/a', 'h1/b'] } },
    ),
  },
  {
    name: 'a loop pauses, and meanwhile somebody writes',
    scene: scene([stat('{{ home }}/{{ item }}', { loop: ['x', 'a'], loop_control: { pause: 1 } })], {
      beside: { at: 'host_item', task: '1 look', ms: 200, files: ['h1/a'] },
    }),
  },
  {
    name: 'a probe takes longer than its task may',
    scene: scene([{ name: 'slow', test_slow: { probe: 2 }, timeout: 1 }]),
  },
  {
    name: 'a task has little time, and a slow one is behind it',
    scene: scene([stat('{{ home }}', { timeout: 1 }), { name: 'slow', test_slow: { probe: 2 } }]),
  },
  {
    name: 'a lookup writes the source of a copy',
    scene: scene(
      [
        { name: 'say', debug: { msg: "{{ lookup('pipe', 'echo new >' ~ ctl ~ '/f0; echo done') }}" } },
        { name: 'copy', copy: { src: 'f0', dest: '{{ home }}/a' } },
      ],
      { files: { 'ctl/f0': 'old' } },
    ),
  },
  {
    name: 'a probe that leaves a trace, and a look at it',
    scene: scene([{ name: 'wake', test_wakes: { log: '{{ home }}/a', path: '/' } }, stat('{{ home }}/a')]),
  },
  {
    name: 'a probe that leaves a trace late, and a look at it',
    scene: scene([
      stat('{{ home }}'),
      { name: 'wake', test_wakes: { log: '{{ home }}/a', path: '/', before: 0.3 } },
      stat('{{ home }}/a'),
    ]),
  },
  {
    name: 'a probe that leaves a trace, and a look at it by another user',
    scene: scene([
      stat('{{ home }}', asOther),
      { name: 'wake', test_wakes: { log: '{{ home }}/a', path: '/', delay: 0.3 } },
      stat('{{ home }}/a', asOther),
    ]),
  },
]

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadInventory } from '../../../core/inventory/index.ts'
import { Template, type Value } from '../../../core/language/values.ts'
import { loadPlaybook, readingsOf, validatePlaybook } from '../../../core/playbook/index.ts'
import { builtinModules as registry } from '../../../modules/index.ts'

/** What stands beside a task that registers `found`. */
interface Beside {
  readonly tasks?: string
  readonly play?: string
  /** Of the file f.j2. */
  readonly template?: string
  readonly inventory?: string
  readonly extra?: Map<string, Value>
}

describe('what the texts of a run read', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'readings-'))
    await writeFile(join(folder, 'vars.yml'), 'a: 1\n')
    await writeFile(join(folder, 'more.yml'), '- debug: msg=more\n')
  })
  after(() => rm(folder, { recursive: true }))

  async function readings({ tasks = '', play = '', template = '', inventory = '[all]\nh\n', extra }: Beside) {
    const file = join(folder, 'play.yml')
    await writeFile(file, `- hosts: all\n${play}  tasks:\n    - stat: path=/f\n      register: found\n${tasks}`)
    await writeFile(join(folder, 'f.j2'), template)
    await writeFile(join(folder, 'hosts'), inventory)
    const loaded = await loadInventory([join(folder, 'hosts')], {})
    const { playbook, diagnostics } = await loadPlaybook(file, { registry })
    const options = { inventory: loaded.inventory }
    const mistakes = [...diagnostics, ...(await validatePlaybook(playbook!, { registry }))]
    expect(mistakes.map((one) => one.message)).to.deep.equal([])
    return readingsOf([playbook!], { ...options, extraVariables: extra })
  }

  const debug = (text: string): Beside => ({ tasks: `    - debug: msg="${text}"\n` })
  const when = (text: string): Beside => ({ tasks: `    - debug:\n      when: ${text}\n` })
  const template = (text: string): Beside => ({
    tasks: '    - template: {src: f.j2, dest: /f}\n',
    template: text,
  })

  const others: readonly [string, Beside][] = [
    ['nothing', {}],
    ['a condition', when('found.stat.exists')],
    ['conditions', when('[found.stat.exists, not found.stat.isdir or found.changed]')],
    ['a text', debug('{{ found.stat.size | int + other.stat.mimetype | default(0) }}')],
    ['a file of a template', template('{{ found.stat.uid }} {{ lookup("env", "HOME") }}')],
    ['an attribute of another name', debug('{{ other.founder.mimetype | default(0) }}')],
    ['a plain name', { tasks: '    - name: what was found\n      debug:\n' }],
    ['a variable of the inventory', { inventory: '[all]\nh size="{{ found.stat.size }}"\n' }],
    ['a loop over items', { tasks: '    - debug: msg="{{ item }}"\n      with_items: [1, "{{ found.stat.size }}"]\n' }],
  ]
  for (const [name, beside] of others)
    it(`is something else in ${name}`, async () => {
      const found = await readings(beside)
      expect(found.reads('found', ['stat', 'mimetype'])).to.equal(false)
    })

  const readers: readonly [string, Beside][] = [
    ['a condition', when('found.stat.mimetype == "text/plain"')],
    ['a part of it', debug('{{ found.stat.mimetype.split("/") }}')],
    ['all of it', debug('{{ found }}')],
    ['all of a part', debug('{{ found.stat | to_json }}')],
    ['a subscript', debug("{{ found['stat']['mimetype'] }}")],
    ['a method', debug("{{ found.get('stat') }}")],
    ['a method of a part', debug('{{ found.stat.items() | list }}')],
    ['another name for it', debug('{% set f = found %}{{ f.stat.mimetype }}')],
    ['a name that is shown', { tasks: '    - debug: var=found\n' }],
    ['a name of which a text tells', { play: '  vars: {n: x}\n', tasks: '    - debug: var="{{ n }}"\n' }],
    ['a text of assert', { tasks: '    - assert: {that: [found.stat.mimetype is defined]}\n' }],
    ['another host', debug('{{ hostvars[inventory_hostname].f }}')],
    ['a variable by its name', debug("{{ vars['fo' ~ 'und'] }}")],
    ['a lookup', debug("{{ lookup('vars', 'fo' ~ 'und') }}")],
    ['a lookup by its whole name', debug("{{ query('ansible.builtin.vars', 'fo' ~ 'und') }}")],
    ['a lookup of which a text tells', { ...debug("{{ lookup(k, 'fo' ~ 'und') }}"), play: '  vars: {k: vars}\n' }],
    ['a loop of a lookup', { tasks: '    - debug: msg="{{ item }}"\n      with_vars: [inventory_hostname]\n' }],
    ['a list', { tasks: '    - debug: msg="{{ item.stat.mimetype }}"\n      loop: ["{{ found }}"]\n' }],
    ['a variable of the play', { play: '  vars: {m: "{{ found.stat.mimetype }}"}\n' }],
    [
      'a plain text that may be a condition',
      { play: '  vars: {m: found.stat.mimetype is defined}\n', tasks: '    - assert: {that: "{{ m }}"}\n' },
    ],
    ['texts that may be conditions', { play: '  vars: {m: x}\n', tasks: '    - assert: {that: [true, "{{ m }}"]}\n' }],
    ['arguments of which a text tells', { play: '  vars: {m: {that: x}}\n', tasks: '    - assert: "{{ m }}"\n' }],
    ['another host, in a condition', { tasks: '    - assert: {that: hostvars.h.found.stat.mimetype is defined}\n' }],
    ['a variable by its name that is shown', { tasks: '    - debug: var=vars.found\n' }],
    ['a lookup that a text chooses', debug("{{ lookup('file' if false else 'template', 'f.j2') }}")],
    ['a lookup of another name', debug("{% set l = lookup %}{{ l('template', 'f.j2') }}")],
    ['a domain, which has a template', { tasks: '    - libvirt_domain: {name: a, memory: 1GiB}\n' }],
    ['a host that is made', { tasks: '    - add_host: name=new\n' }],
    ['a group that is made', { tasks: '    - group_by: key=new\n' }],
    ['a host that nobody knows', { tasks: '    - debug:\n      delegate_to: elsewhere\n' }],
    ['a file that is encrypted', template('$ANSIBLE_VAULT;1.1;AES256\n6162\n')],
    ['a variable of the inventory', { inventory: '[all]\nh m="{{ found.stat.mimetype }}"\n' }],
    ['an extra variable', { extra: new Map([['m', new Template('{{ found }}', { file: '-e', line: 1, column: 1 })]]) }],
    ['a file of a template', template('{% if found.stat.mimetype %}x{% endif %}')],
    ['a file that another one brings', template("{% include 'other.j2' ignore missing %}")],
    [
      'a template that is not known',
      { play: '  vars: {s: f}\n', tasks: '    - template: {src: "{{ s }}", dest: /f}\n' },
    ],
    ['a domain template', { tasks: '    - libvirt_domain: {name: a, template: f.j2}\n' }],
    ['tasks that are not known', { tasks: '    - include_tasks: more.yml\n' }],
    ['variables that are not known', { tasks: '    - include_vars: vars.yml\n' }],
    ['files of variables', { play: '  vars_files: [vars.yml]\n' }],
    ['a handler', { play: '  handlers: [{name: h, debug: {msg: "{{ found.stat.mimetype }}"}}]\n' }],
    [
      'a block within a block',
      {
        tasks:
          '    - block:\n        - debug:\n      rescue:\n        - block:\n            - debug: msg={{ found.stat.mimetype }}\n',
      },
    ],
    ['who delegates', { tasks: '    - debug:\n      delegate_to: "{{ found.stat.mimetype }}"\n' }],
    ['another task that registers', { tasks: '    - stat: path="{{ found.stat.mimetype }}"\n      register: other\n' }],
  ]
  for (const [name, beside] of readers)
    it(`may be the result: ${name}`, async () => {
      const found = await readings(beside)
      expect(found.reads('found', ['stat', 'mimetype'])).to.equal(true)
    })

  it('is anything of a name that no task is known to register', async () => {
    const known = await readings({})
    expect(known.reads('unknown', ['stat'])).to.equal(true)
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Ajv2020 from 'ajv/dist/2020.js'
import { expect } from 'chai'
import { argumentsOf, objectOf } from '../../../core/module/argument-type.ts'
import { argumentSchema, moduleNames, modulePage } from '../../../core/module/document.ts'
import { createRegistry } from '../../../core/module/registry.ts'
import { modulesSchema } from '../../../core/module/task-schema.ts'
import type { AnyModule } from '../../../core/module/types.ts'
import { loadPlaybook, validatePlaybook } from '../../../core/playbook/index.ts'
import { differences, generatedDocs } from '../../../docs/generate.ts'
import { builtinModules } from '../../../modules/index.ts'

const names = moduleNames(builtinModules)
const load = async (name: string): Promise<AnyModule> => (await builtinModules.load(name))!

describe('the modules that ship', () => {
  // Their code is loaded here once, whatever the order of the tests.
  before(async function () {
    this.timeout(20_000)
    for (const name of names) await load(name)
  })

  it('are known by the names and aliases that they give themselves', async () => {
    const own = new Set<string>()
    for (const name of names) {
      const module = await load(name)
      for (const one of [module.name, ...(module.aliases ?? [])]) {
        expect(builtinModules.names(), one).to.include(one)
        expect(await load(one)).to.equal(module)
        own.add(one)
      }
    }
    for (const name of names) expect(own).to.include(name)
  })
  for (const name of names) {
    it(`${name} has a page: a sentence, arguments with types, a title`, async () => {
      const module = await load(name)
      expect(module.summary).to.match(/^\S.*\.$/)
      expect(modulePage(module)).to.include(`# ${module.name}\n`)
      expect(objectOf(module.args), 'its arguments are an object').not.to.equal(undefined)
      for (const [key, one] of Object.entries(argumentsOf(module.args))) {
        expect(one.type, key).to.be.oneOf(['str', 'path', 'bool', 'int', 'float', 'list', 'dict', 'mode', 'raw'])
      }
    })
    it(`${name} has a JSON Schema that is one`, async () => {
      const ajv = new Ajv2020.default({ strict: false })
      expect(ajv.validateSchema(argumentSchema(await load(name))), JSON.stringify(ajv.errors)).to.equal(true)
    })
    it(`${name} has examples that its own schema accepts`, async () => {
      const { examples } = await load(name)
      if (examples === undefined) return
      const folder = mkdtempSync(join(tmpdir(), 'virtfleet-examples-'))
      try {
        const file = join(folder, 'play.yml')
        writeFileSync(
          file,
          `- hosts: all\n  gather_facts: false\n  tasks:\n${examples.trim().replace(/^/gm, '    ')}\n`,
        )
        const { playbook, diagnostics } = await loadPlaybook(file, { registry: builtinModules })
        const all = [
          ...diagnostics,
          ...(playbook ? await validatePlaybook(playbook, { registry: builtinModules }) : []),
        ]
        const errors = all.filter(
          (one) => one.severity === 'error' && !/undefined|file-not-found|missing-file/.test(one.code),
        )
        expect(errors.map((one) => `${one.code}: ${one.message}`)).to.deep.equal([])
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  }

  it('are described in docs/ as they are: else run npm run docs', async () => {
    expect(differences(await generatedDocs())).to.deep.equal([])
  })
})

describe('createRegistry', () => {
  it('refuses a name that is taken', () => {
    const entry = { name: 'a', load: () => load('debug') }
    expect(() => createRegistry([entry, { ...entry, name: 'b', aliases: ['a'] }])).to.throw("'a' is taken twice")
  })
  it('loads once, and only what is asked for', async () => {
    let loads = 0
    const registry = createRegistry([
      {
        name: 'a',
        load: () => {
          loads++
          return load('debug')
        },
      },
    ])
    expect(await registry.load('nothing')).to.equal(undefined)
    expect(loads).to.equal(0)
    await Promise.all([registry.load('a'), registry.load('ansible.builtin.a'), registry.load('ansible.legacy.a')])
    expect(loads).to.equal(1)
  })
})

describe('modules.schema.json', () => {
  const TABLE = [
    ['file', { path: '/x', state: 'directory', mode: 0o755 }, true],
    ['file', { dest: '/x', state: '{{ state }}', mode: '{{ mode }}' }, true],
    ['file', { path: '{{ folder }}/x', recurse: '{{ deep }}' }, true],
    ['file', 'path=/x state=absent', true],
    ['file', { path: '/x', owner: null }, true],
    ['file', { path: '/x', statee: 'absent' }, false],
    ['file', { path: '/x', state: 'gone' }, false],
    ['file', { state: 'absent' }, false],
    ['file', { path: 'x' }, false],
    ['file', { path: '/x', recurse: 'maybe' }, false],
    ['copy', { content: 'x', dest: '/x', mode: 'preserve' }, true],
    ['copy', { content: { a: 1 }, dest: '/x' }, true],
    ['ansible.builtin.copy', { dest: '/x', src: 'y', backup: 'yes' }, true],
    ['copy', { dest: '/x', src: 'y', backup: [] }, false],
    ['command', 'virsh list', true],
    ['command', { argv: ['a', 1], chdir: '/' }, true],
    ['set_fact', { anything: [1] }, true],
    ['debug', { msg: [1, { a: null }] }, true],
    ['assert', { that: 'a in [1, 2]' }, true],
  ] as const
  let validate: (value: unknown) => boolean
  before(async () => {
    const modules = await Promise.all(names.map(load))
    validate = new Ajv2020.default({ strict: false }).compile(modulesSchema(modules)) as (value: unknown) => boolean
  })
  for (const [name, args, valid] of TABLE) {
    it(`${valid ? 'accepts' : 'refuses'} ${name}: ${JSON.stringify(args)}`, () =>
      expect(validate({ [name]: args })).to.equal(valid))
  }
})

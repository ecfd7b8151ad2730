import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { loadInventory } from '../../../core/inventory/index.ts'
import { Template, toJson, type Value } from '../../../core/language/index.ts'

const run = promisify(execFile)
const corpus = fileURLToPath(new URL('../../golden/inventory/', import.meta.url))

interface Answer {
  _meta: { hostvars: Record<string, Record<string, unknown>> }
  [group: string]: { hosts?: string[]; children?: string[] } | unknown
}

/** ansible-inventory shows templates as they are written. */
function shown(value: Value): unknown {
  if (value instanceof Template) return value.source
  if (Array.isArray(value)) return value.map(shown)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), shown(item)]))
  return toJson(value)
}

async function theirs(sources: readonly string[], playbookFolder?: string) {
  const args = ['--list', ...sources.flatMap((source) => ['-i', source])]
  if (playbookFolder !== undefined) args.push('--playbook-dir', playbookFolder)
  const { stdout } = await run('ansible-inventory', args, {
    env: { ...process.env, ANSIBLE_CONFIG: `${corpus}ansible.cfg` },
  })
  const answer = JSON.parse(stdout) as Answer
  const groups: Record<string, { hosts: string[]; children: string[] }> = {}
  for (const [name, group] of Object.entries(answer)) {
    if (name === '_meta') continue
    const { hosts = [], children = [] } = group as { hosts?: string[]; children?: string[] }
    if (hosts.length + children.length > 0) groups[name] = { hosts: [...hosts].sort(), children: [...children].sort() }
  }
  return { groups, hostvars: answer._meta.hostvars }
}

async function ours(sources: readonly string[], playbookFolder?: string) {
  const playbookFolders = playbookFolder === undefined ? [] : [playbookFolder]
  const { inventory, diagnostics } = await loadInventory(sources, { playbookFolders })
  expect(diagnostics.filter((d) => d.severity === 'error')).to.deep.equal([])
  const groups: Record<string, { hosts: string[]; children: string[] }> = {}
  for (const { name, hosts, children } of inventory.groups.values()) {
    if (hosts.length + children.length > 0) groups[name] = { hosts: [...hosts].sort(), children: [...children].sort() }
  }
  const hostvars: Record<string, Record<string, unknown>> = {}
  for (const host of inventory.hosts.keys()) {
    const all = new Map<string, Value>()
    for (const layer of inventory.layers(host)) for (const [name, value] of layer.variables) all.set(name, value)
    all.delete('ansible_group_priority')
    if (all.size > 0) hostvars[host] = shown(all) as Record<string, unknown>
  }
  return { groups, hostvars }
}

describe('inventory beside ansible-inventory', () => {
  for (const sources of [
    ['lab.ini'],
    ['groups.yml'],
    ['folder'],
    ['lab.ini', 'groups.yml', 'extra1,extra2:2222,'],
    ['script.sh'],
  ]) {
    it(`reads ${sources.join(' + ')} alike`, async () => {
      const paths = sources.map((source) => (source.includes(',') ? source : corpus + source))
      const [expected, actual] = await Promise.all([theirs(paths), ours(paths)])
      if (expected.groups.all) delete expected.groups.all
      delete (actual.groups as Record<string, unknown>).all
      expect(actual.groups).to.deep.equal(expected.groups)
      expect(actual.hostvars).to.deep.equal(expected.hostvars)
    }).timeout(30_000)
  }

  it('ranks variables of child groups, of files beside the inventory and beside the playbook alike', async () => {
    const [source, play] = [`${corpus}precedence/inv/hosts`, `${corpus}precedence/play`]
    const [expected, actual] = await Promise.all([theirs([source], play), ours([source], play)])
    expect(actual.hostvars).to.deep.equal(expected.hostvars)
    expect(actual.hostvars.c1).to.include({ file: 'canary', above_all: 'inventory all', last: 'playbook canary' })
  }).timeout(30_000)
})

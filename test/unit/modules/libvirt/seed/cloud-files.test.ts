import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Json, JsonObject } from '../../../../../core/events/json.ts'
import { ModuleFailure } from '../../../../../core/module/types.ts'
import cloudInit from '../../../../../modules/libvirt/cloud_init.ts'
import { cloudInitArgs } from '../../../../../modules/libvirt/seed/cloud-args.ts'
import { cloudFiles } from '../../../../../modules/libvirt/seed/cloud-files.ts'
import { seedDifferences } from '../../../../../modules/libvirt/seed/differences.ts'
import { seedImage } from '../../../../../modules/libvirt/seed/image.ts'

const made = (input: JsonObject) => cloudFiles(cloudInitArgs.parse({ dest: '/x.iso', ...input }))
const text = (input: JsonObject, name = 'user-data'): string | undefined =>
  made(input)
    .files.find((one) => one.name === name)
    ?.content.toString()

describe('the files of a cloud-init seed', () => {
  const table: [string, JsonObject, string, string | undefined][] = [
    ['nothing', {}, 'user-data', '#cloud-config\n{}\n'],
    ['a mapping', { user_data: { packages: ['vim'] } }, 'user-data', '#cloud-config\npackages:\n- vim\n'],
    ['a text', { user_data: '#!/bin/sh\necho\n' }, 'user-data', '#!/bin/sh\necho\n'],
    ['an old truth', { user_data: { a: 'yes', b: '0644' } }, 'user-data', "#cloud-config\na: 'yes'\nb: '0644'\n"],
    [
      'keys',
      { ssh_authorized_keys: 'ssh-ed25519 A, b@c' },
      'user-data',
      '#cloud-config\nssh_authorized_keys:\n- ssh-ed25519 A, b@c\n',
    ],
    [
      'a user',
      { users: [{ name: 'ops', groups: 'adm,kvm' }], user_data: { timezone: 'UTC' } },
      'user-data',
      '#cloud-config\ntimezone: UTC\nusers:\n- default\n- groups: adm,kvm\n  lock_passwd: true\n  name: ops\n  shell: /bin/bash\n',
    ],
    [
      'a password',
      { users: [{ name: 'ops', passwd: '$6$x' }] },
      'user-data',
      '#cloud-config\nusers:\n- default\n- lock_passwd: false\n  name: ops\n  passwd: $6$x\n  shell: /bin/bash\n',
    ],
    ['a name', { hostname: 'web1', instance_id: 'i-1' }, 'meta-data', 'instance-id: i-1\nlocal-hostname: web1\n'],
    ['an id as number', { meta_data: { 'instance-id': 7 } }, 'meta-data', "instance-id: '7'\n"],
    ['meta-data as text', { meta_data: 'instance-id: x\n' }, 'meta-data', 'instance-id: x\n'],
    ['a network', { network_config: { version: 2 } }, 'network-config', 'version: 2\n'],
    ['no network', {}, 'network-config', undefined],
    ['vendor-data', { vendor_data: { a: 1 } }, 'vendor-data', '#cloud-config\na: 1\n'],
  ]
  for (const [what, input, name, expected] of table)
    it(`${what}: ${name}`, () => expect(text(input, name)).to.equal(expected))

  const mistakes: [JsonObject, string, string?][] = [
    [{ user_data: '# cloud-config\nusers: []\n' }, 'first line', 'exactly #cloud-config'],
    [{ user_data: 'packages: []\n' }, 'first line', 'begin it with'],
    [{ user_data: ['a'] }, 'neither a mapping nor a text'],
    [{ user_data: '#!/bin/sh\n', users: [{ name: 'a' }] }, 'cannot be put into'],
    [{ user_data: { users: [] }, users: [{ name: 'a' }] }, 'users is an argument'],
    [{ meta_data: 'a: 1', hostname: 'x' }, 'cannot be put into'],
    [{ meta_data: { 'instance-id': 'a' }, instance_id: 'b' }, 'instance_id is an argument'],
    [{ network_config: { ethernets: {} } }, 'no version'],
  ]
  for (const [input, message, hint] of mistakes)
    it(`refuses ${JSON.stringify(input)}`, () => {
      try {
        made(input)
      } catch (error) {
        expect(error).to.be.instanceOf(ModuleFailure)
        expect((error as ModuleFailure).message).to.include(message)
        if (hint !== undefined) expect((error as ModuleFailure).hint).to.include(hint)
        return
      }
      expect.fail('taken')
    })

  it('has another instance id for any other content, and the same for the same', () => {
    const id = (input: JsonObject) => made(input).instanceId
    const ids = [
      {},
      { hostname: 'a' },
      { user_data: { a: 1 } },
      { vendor_data: { a: 1 } },
      { network_config: 'a' },
    ].map(id)
    expect(new Set(ids).size).to.equal(ids.length)
    expect(id({ hostname: 'a', user_data: { x: 1, y: 2 } })).to.equal(id({ user_data: { y: 2, x: 1 }, hostname: 'a' }))
    expect(id({ hostname: 'a', instance_id: 'own', user_data: { a: 1 } })).to.equal('own')
  })

  it('is read by Python as what was given', function () {
    this.timeout(30_000)
    const leaf = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('yes', '0644', '1e3', '12:30:45', '', '~', '#a', 'a: b', '\u0085\u2028'),
      fc.integer(),
      fc.boolean(),
    )
    const mapping = fc.dictionary(
      fc.stringMatching(/^[a-z_]{1,8}$/).filter((key) => key !== '__proto__'),
      fc.oneof(
        leaf,
        fc.array(leaf, { maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), leaf, { maxKeys: 3 }),
      ),
      { maxKeys: 6 },
    )
    const samples = fc.sample(mapping, 300) as JsonObject[]
    const yaml = samples.map((one) => text({ user_data: one }) ?? '')
    const read = execFileSync(
      'python3',
      ['-c', 'import json,sys,yaml; print(json.dumps([yaml.safe_load(t) for t in json.load(sys.stdin)]))'],
      { input: JSON.stringify(yaml), maxBuffer: 1 << 26 },
    )
    expect(JSON.parse(read.toString()) as Json).to.deep.equal(JSON.parse(JSON.stringify(samples)))
  })
})

describe('cloud_init', () => {
  const SECRET = 'hunter2-hunter2'
  const args = cloudInitArgs.parse({ dest: '/seed.iso', user_data: { password: SECRET, chpasswd: { expire: false } } })
  const { label, files, instanceId } = cloudFiles(args)
  const wanted = seedImage(label, files)
  const entry = { kind: 'file', mode: 0o600, size: 9, digest: 'old' }
  const state = (more: object) =>
    ({
      file: { path: '/seed.iso', wanted, entry: undefined, current: undefined, device: 0 },
      files,
      instanceId,
      isImage: true,
      ...more,
    }) as never
  const file = (more: object) => ({ file: { path: '/seed.iso', wanted, current: undefined, device: 0, ...more } })

  it('tells which file and which keys, and never a value', () => {
    const old = seedImage(label, cloudFiles(cloudInitArgs.parse({ dest: '/x', vendor_data: { a: 1 } })).files)
    const changes = cloudInit.diff(state(file({ entry, current: old })), args)
    expect(changes.map((one) => [one.path, one.effect])).to.deep.equal([['content', 'now']])
    expect(changes[0]?.note).to.equal('user-data: chpasswd, password; meta-data: instance-id; vendor-data (removed)')
    expect(JSON.stringify([changes, cloudInit.result(state({}), args)])).not.to.include(SECRET)
    expect(seedDifferences(undefined, files)).not.to.include(SECRET)
  })

  it('leaves a file alone that is no image', () => {
    for (const one of [args, { ...args, state: 'absent' as const }])
      expect(() => cloudInit.diff(state({ ...file({ entry }), isImage: false }), one)).to.throw('left alone')
  })

  it('is removed once', () => {
    const absent = { ...args, state: 'absent' as const }
    expect(cloudInit.diff(state(file({ entry })), absent).map((one) => one.path)).to.deep.equal(['state'])
    expect(cloudInit.diff(state({}), absent)).to.deep.equal([])
  })
})

import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadInventory } from '../../../core/inventory/index.ts'
import { pythonLiteral } from '../../../core/inventory/literal.ts'
import { repr } from '../../../core/language/index.ts'
import { createVault } from '../../../core/secrets/index.ts'

describe('layers of variables', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'layers-'))
  })
  afterEach(() => rm(folder, { recursive: true }))
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), text)
  }

  it('stand in the order of precedence, each with its origin', async () => {
    await write('inv/hosts', '[web]\nh1 x=host\n[web:vars]\nx=group\n[all:vars]\nx=all\n')
    for (const name of ['group_vars/all.yml', 'group_vars/web', 'host_vars/h1.json']) {
      await write(`inv/${name}`, '{"x": "inventory"}')
      await write(`play/${name}`, '{"x": "play"}')
    }
    const { inventory, diagnostics } = await loadInventory([join(folder, 'inv/hosts')], {
      playbookFolders: [join(folder, 'play')],
    })
    expect(diagnostics).to.deep.equal([])
    const origins = inventory.layers('h1').map((layer) => layer.origin.replace(`${folder}/`, ''))
    expect(origins).to.deep.equal([
      'inv/hosts [all]',
      'inv/hosts [web]',
      'inv/group_vars/all.yml',
      'play/group_vars/all.yml',
      'inv/group_vars/web',
      'play/group_vars/web',
      'inv/hosts',
      'inv/host_vars/h1.json',
      'play/host_vars/h1.json',
    ])
    expect(inventory.layers('localhost').map((layer) => layer.origin)).to.include('implicit localhost')
  })

  it('opens encrypted files and values, and tells every secret', async () => {
    const vault = createVault([{ id: 'default', password: 'hunter22' }])
    const value = (await vault.encrypt('inner-secret')).trimEnd().replaceAll('\n', '\n  ')
    await write('hosts', '[web]\nh1\n[db]\nh2\n')
    await write('group_vars/web.yml', await vault.encrypt('whole: file-secret\nlist: [deep-secret]\n'))
    await write('group_vars/db.yml', `one: !vault |\n  ${value}\n`)
    const secrets: string[] = []
    const access = { ...vault, secret: (text: string) => void secrets.push(text) }
    const { inventory, diagnostics } = await loadInventory([join(folder, 'hosts')], access)
    expect(diagnostics).to.deep.equal([])
    expect(inventory.layers('h1').at(-1)?.variables.get('whole')).to.equal('file-secret')
    expect(inventory.layers('h2').at(-1)?.variables.get('one')).to.equal('inner-secret')
    expect(secrets.sort()).to.deep.equal(['deep-secret', 'file-secret', 'inner-secret'])
  })

  it('says where a vault stands that the password does not open', async () => {
    const sealed = await createVault([{ id: 'default', password: 'right' }]).encrypt('x: 1\n')
    await write('hosts', 'h1\n')
    await write('host_vars/h1', sealed)
    const { diagnostics } = await loadInventory(
      [join(folder, 'hosts')],
      createVault([{ id: 'default', password: 'wrong' }]),
    )
    expect(diagnostics).to.have.length(1)
    expect(diagnostics[0]).to.deep.include({
      code: 'vault-password',
      at: { file: join(folder, 'host_vars/h1'), line: 1, column: 1 },
    })
  })
})

describe('values of an INI inventory', () => {
  const texts = [
    '1',
    '-1',
    '+ 2',
    '0x1f',
    '0o17',
    '0b11',
    '1_000',
    '0644',
    '00',
    '1.5',
    '1.',
    '.5',
    '1e3',
    '-1e-3',
    'True',
    'False',
    'None',
    'true',
    'yes',
    'none',
    "'a'",
    '"a\'b"',
    "'a' 'b'",
    "u'x'",
    "r'\\n'",
    "'\\n\\x41\\u00e9\\101'",
    "'''a'''",
    '[]',
    '[1, 2,]',
    "['a', {'b': None}]",
    '(1)',
    '(1,)',
    '(1, 2)',
    '1, 2',
    '1,',
    '{}',
    "{'a': 1, 2: 'b'}",
    '5 # five',
    'a b',
    '[1',
    "'open",
    '1a',
    '12345678901234567890',
    'foo',
    '',
    '-',
    '1 2',
    '[a]',
    "{'a'}x",
    '--1',
    "'a' + 'b'",
    '1.2.3',
    '10.0.0.1',
  ]
  it('are those that Python reads', () => {
    const program = [
      'import ast, json, sys',
      'def read(t):',
      '  try: return repr(ast.literal_eval(t))',
      '  except Exception: return None',
      'print(json.dumps([read(t) for t in json.loads(sys.argv[1])]))',
    ].join('\n')
    const expected = JSON.parse(
      execFileSync('/usr/bin/python3', ['-c', program, JSON.stringify(texts)], { encoding: 'utf8' }),
    )
    const actual = texts.map((text) => {
      const value = pythonLiteral(text)
      return value === undefined ? null : repr(value)
    })
    expect(Object.fromEntries(texts.map((t, i) => [t, actual[i]]))).to.deep.equal(
      Object.fromEntries(texts.map((t, i) => [t, expected[i]])),
    )
  })
})

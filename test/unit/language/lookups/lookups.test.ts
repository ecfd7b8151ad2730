import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  compileExpression,
  defaultEnvironment,
  type Environment,
  fromJson,
  repr,
  type Scope,
} from '../../../../core/language/index.ts'

const at = { file: 'x', line: 1, column: 1 }
const variables = new Map(
  Object.entries({
    groups: { all: ['kvm1', 'kvm2', 'nfs1'], hypervisors: ['kvm1', 'kvm2'], storage: ['nfs1'] },
    users: [{ name: 'a', keys: ['k1', 'k2'] }, { name: 'b' }],
    name: 'kvm1',
    http_port: 80,
    https_port: 443,
  }).map(([k, v]) => [k, fromJson(v)]),
)

describe('lookups', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'virtfleet-lookups-'))
    for (const f of ['files', 'templates', 'vars']) mkdirSync(join(folder, f))
    writeFileSync(join(folder, 'files', 'motd'), '  hello\n\n')
    writeFileSync(join(folder, 'files', 'a.conf'), 'A')
    writeFileSync(join(folder, 'files', 'b.conf'), 'B')
    writeFileSync(join(folder, 'files', '.hidden.conf'), '')
    writeFileSync(join(folder, 'plain.txt'), 'in the folder')
    writeFileSync(join(folder, 'templates', 'x.j2'), 'host {{ name }} {{ extra | default("-") }}\n')
    writeFileSync(join(folder, 'files', 'data.csv'), 'kvm1,10.0.0.1,"a,b"\nkvm2,10.0.0.2,"say ""hi"""\n')
    writeFileSync(join(folder, 'files', 'c.ini'), '[global]\nUser = root\n# x\n[other]\nport: 22\nlong = a\n  b\n')
    writeFileSync(join(folder, 'files', 'c.properties'), 'user.name=root\n')
    writeFileSync(join(folder, 'files', 'secret'), '$ANSIBLE_VAULT;1.1;AES256\n6162\n')
  })
  after(() => rmSync(folder, { recursive: true }))

  async function ask(source: string, more: Partial<Environment> = {}): Promise<string> {
    const environment = defaultEnvironment({ folders: [folder], ...more })
    const scope: Scope = { get: (n) => variables.get(n), names: () => variables.keys(), environment }
    const value = await compileExpression(source, at).evaluateAsync(scope)
    return repr(value).replaceAll(folder, 'DIR')
  }

  async function failure(source: string, more: Partial<Environment> = {}): Promise<string> {
    const answer = ask(source, more)
    return answer.then(
      (v) => `no failure: ${v}`,
      (error: Error) => error.message.replaceAll(folder, 'DIR'),
    )
  }

  const table: [source: string, expected: string][] = [
    ["query('items', [1, [2, [3]]], 4)", '[1, [2, [3]], 4]'],
    ["query('list', [1, 2], 3)", '[[1, 2], 3]'],
    ["query('nested', ['a', 'b'], [1, 2])", "[['a', 1], ['a', 2], ['b', 1], ['b', 2]]"],
    ["query('together', ['a', 'b'], [1])", "[['a', 1], ['b', None]]"],
    ["query('dict', {'a': 1})", "[{'key': 'a', 'value': 1}]"],
    ["query('indexed_items', ['a', 'b'])", "[(0, 'a'), (1, 'b')]"],
    ["query('subelements', users, 'keys', {'skip_missing': true}) | map('last')", "['k1', 'k2']"],
    ["query('sequence', 'start=1 end=3 format=kvm%02d')", "['kvm01', 'kvm02', 'kvm03']"],
    ["query('sequence', '0-6/3:t%d')", "['t0', 't3', 't6']"],
    ["query('sequence', count=3)", "['1', '2', '3']"],
    ["query('sequence', start=4, end=0, stride=-2)", "['4', '2', '0']"],
    ["query('sequence', start=10, end=0, stride=-3, format='%02x')", "['0a', '07', '04', '01']"],
    ["query('random_choice', ['a'])", "['a']"],
    ["lookup('vars', 'name')", "'kvm1'"],
    ["lookup('vars', 'nosuch', default='d')", "'d'"],
    ["query('varnames', '^http.*port$')", "['http_port', 'https_port']"],
    ["query('inventory_hostnames', 'all:!storage')", "['kvm1', 'kvm2']"],
    ["query('inventory_hostnames', 'kvm*:&hypervisors')", "['kvm1', 'kvm2']"],
    ["lookup('env', 'VIRTFLEET_NO_SUCH_NAME', default='d')", "'d'"],
    ["lookup('file', 'motd')", "'  hello'"],
    ["lookup('file', 'motd', lstrip=true, rstrip=false)", "'hello\\n\\n'"],
    ["lookup('ansible.builtin.file', 'plain.txt')", "'in the folder'"],
    ["lookup('file', 'a.conf', 'b.conf')", "'A,B'"],
    ["query('fileglob', '*.conf')", "['DIR/files/a.conf', 'DIR/files/b.conf']"],
    ["lookup('first_found', ['nosuch', 'b.conf'])", "'DIR/files/b.conf'"],
    ["lookup('first_found', {'files': ['plain.txt'], 'paths': ['vars', '.']})", "'DIR/plain.txt'"],
    ["query('first_found', ['nosuch'], skip=true)", '[]'],
    ["lookup('template', 'x.j2')", "'host kvm1 -\\n'"],
    ["lookup('template', 'x.j2', template_vars={'extra': 'e'})", "'host kvm1 e\\n'"],
    ["lookup('pipe', 'pwd; echo two')", "'DIR\\ntwo'"],
    ["query('lines', 'echo a; echo b')", "['a', 'b']"],
    ["lookup('csvfile', 'kvm2', file='data.csv', delimiter=',')", "'10.0.0.2'"],
    ["lookup('csvfile', 'kvm1 file=data.csv delimiter=, col=2')", "'a,b'"],
    ["lookup('csvfile', 'kvm2', file='data.csv', delimiter=',', col=2)", '\'say "hi"\''],
    ["lookup('csvfile', 'none', file='data.csv', delimiter=',', default='x')", "'x'"],
    ["lookup('ini', 'user', file='c.ini')", "'root'"],
    ["lookup('ini', 'port section=other file=c.ini')", "'22'"],
    ["lookup('ini', 'long', section='other', file='c.ini')", "'a\\nb'"],
    ["lookup('ini', 'user.name', type='properties', file='c.properties')", "'root'"],
    ["lookup('ini', 'nosuch', section='other', file='c.ini', default='d')", "'d'"],
  ]
  for (const [source, expected] of table) it(source, async () => expect(await ask(source)).to.equal(expected))

  it('opens vault files with the passwords of the run', async () => {
    const vault = { decrypt: (text: string) => `opened ${text.length}` }
    expect(await ask("lookup('unvault', 'secret')", { vault })).to.equal("'opened 31'")
    expect(await ask("lookup('file', 'secret')", { vault })).to.equal("'opened 31'")
    expect(await failure("lookup('unvault', 'secret')")).to.match(/no vault password was given/)
    expect(await ask("'$ANSIBLE_VAULT;1.1;AES256' | unvault", { vault })).to.equal("'opened 25'")
  })

  it('name what is missing', async () => {
    expect(await failure("lookup('file', 'nosuch')")).to.equal(
      "the lookup 'file' failed: could not find file 'nosuch', looked in DIR/files/nosuch, DIR/nosuch",
    )
    expect(await failure("lookup('pipe', 'echo oops >&2; exit 3')")).to.match(/ended with 3: oops/)
    expect(await failure("lookup('vars', 'nosuch')")).to.match(/nosuch/)
    expect(await failure("query('sequence', 'start=1')")).to.match(/must specify count or end/)
  })

  it('keep a password in its file, once, for the owner only', async () => {
    const source = `lookup('password', '${folder}/pw/kvm1 length=12 chars=digits,ascii_lowercase')`
    const both = await Promise.all([ask(source), ask(source)])
    expect(both[0])
      .to.match(/^'[0-9a-z]{12}'$/)
      .and.equal(both[1])
    expect(await ask(source)).to.equal(both[0])
    expect(statSync(join(folder, 'pw/kvm1')).mode & 0o777).to.equal(0o600)
    const crypt = `lookup('password', '${folder}/pw/crypt encrypt=sha512_crypt')`
    const hash = await ask(crypt)
    expect(hash).to.match(/^'\$6\$/)
    expect(await ask(crypt)).to.equal(hash)
    expect(await ask("lookup('password', '/dev/null', seed='x')")).to.equal(
      await ask("lookup('password', '/dev/null', seed='x')"),
    )
  })

  it('end a command when the run is aborted', async () => {
    const abort = new AbortController()
    const started = Date.now()
    const answer = failure("lookup('pipe', 'sleep 20 & wait')", { signal: abort.signal })
    setTimeout(() => abort.abort(), 100)
    expect(await answer).to.match(/abort/)
    expect(Date.now() - started).to.be.lessThan(2000)
  })

  it('read a URL as lines', async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/gone' ? 404 : 200
      response.end(`one\n${request.headers.authorization ?? 'nobody'}\n`)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const address = server.address()
    const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    try {
      expect(await ask(`query('url', '${base}/')`)).to.equal("['one', 'nobody']")
      expect(await ask(`lookup('url', '${base}/', split_lines=false, username='u', password='p')`)).to.equal(
        "'one\\nBasic dTpw\\n'",
      )
      expect(await failure(`lookup('url', '${base}/gone')`)).to.match(/404/)
      expect(await failure("lookup('url', 'file:///etc/passwd')")).to.match(/not file:/)
    } finally {
      await new Promise((done) => server.close(done))
    }
  })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { type Inventory, loadInventory } from '../../../core/inventory/index.ts'
import { expandRange } from '../../../core/inventory/range.ts'

const text = `
lone
[web]
web3
web1
web2
[db]
db1
db2
web1
[prod:children]
web
db
`

describe('host patterns', () => {
  let folder = ''
  let inventory: Inventory
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pattern-'))
    await writeFile(join(folder, 'hosts.ini'), text)
    await writeFile(join(folder, 'failed'), 'db2\n# no\n\nweb3\n')
    inventory = (await loadInventory([join(folder, 'hosts.ini')])).inventory
  })
  after(() => rm(folder, { recursive: true }))

  const table: [pattern: string | string[], hosts: string][] = [
    ['all', 'lone web3 web1 web2 db1 db2'],
    ['*', 'lone web3 web1 web2 db1 db2'],
    ['ungrouped', 'lone'],
    ['web', 'web3 web1 web2'],
    ['db:web', 'db1 db2 web1 web3 web2'],
    ['db,web', 'db1 db2 web1 web3 web2'],
    ['web:&db', 'web1'],
    ['&db:web', 'web1'],
    ['!web:prod', 'db1 db2'],
    ['!web', 'lone db1 db2'],
    ['prod:!web[0]:!db2', 'web1 web2 db1'],
    ['web[0]', 'web3'],
    ['web[-1]', 'web2'],
    ['web[0:1]', 'web3 web1'],
    ['web[1:]', 'web1 web2'],
    ['web[9]', ''],
    ['web*', 'web3 web1 web2'],
    ['web?', 'web3 web1 web2'],
    ['web[12]', ''],
    ['?*[!1]2', 'web2 db2'],
    ['~(web|db)1', 'web1 db1'],
    ['~.*2$', 'web2 db2'],
    ['w*:~db.', 'web3 web1 web2 db1 db2'],
    [['web', '!web1'], 'web3 web2'],
    ['lone', 'lone'],
    ['localhost', 'localhost'],
    ['127.0.0.1', '127.0.0.1'],
    ['db[1:2]', 'db2 web1'],
    ['', ''],
  ]
  for (const [pattern, hosts] of table) {
    it(`${JSON.stringify(pattern)} means ${hosts || 'no host'}`, () => {
      expect([...inventory.match(pattern).hosts].sort()).to.deep.equal(hosts === '' ? [] : hosts.split(' ').sort())
    })
  }

  it('keeps the order of the parts, and of the group', () => {
    expect(inventory.match('db:web').hosts).to.deep.equal(['db1', 'db2', 'web1', 'web3', 'web2'])
    expect(inventory.match('all').hosts).to.deep.equal(['lone', 'web3', 'web1', 'web2', 'db1', 'db2'])
  })

  it('limits, also by a file of hosts', () => {
    expect(inventory.match('prod', 'web:!web1').hosts).to.deep.equal(['web3', 'web2'])
    expect(inventory.match('prod', `@${join(folder, 'failed')}`).hosts).to.deep.equal(['web3', 'db2'])
    expect(() => inventory.match('prod', '@/no/such')).to.throw(/there is no such file/)
  })

  it('says what matches nothing, and what was perhaps meant', () => {
    const { hosts, diagnostics } = inventory.match('wbe:db1')
    expect(hosts).to.deep.equal(['db1'])
    expect(diagnostics).to.have.length(1)
    expect(diagnostics[0]).to.include({ severity: 'warning', code: 'pattern-without-hosts', hint: 'did you mean web?' })
    expect(() => inventory.match('~(')).to.throw(/not a regular expression/)
  })

  it('knows hosts and groups added during the run', async () => {
    const { inventory: mine } = await loadInventory([join(folder, 'hosts.ini')])
    mine.addHost('new1', ['fresh'], new Map([['a', 1]]))
    mine.addHost('lone', ['fresh'], new Map())
    expect(mine.match('fresh').hosts).to.deep.equal(['new1', 'lone'])
    expect(mine.match('ungrouped').hosts).to.deep.equal([])
    expect(mine.layers('new1').at(-1)?.variables.get('a')).to.equal(1)
  })

  it('expands a range to as many hosts as it counts, all different', () => {
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.nat(300),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 4, max: 6 }),
        (from, more, step, width) => {
          const pad = (n: number) => `0${n}`.padStart(width, '0')
          const hosts = expandRange(`h[${pad(from)}:${pad(from + more)}:${step}]x`)
          expect(new Set(hosts).size).to.equal(Math.floor(more / step) + 1)
          expect(hosts[0]).to.equal(`h${pad(from)}x`)
          expect(hosts.every((name) => name.length === width + 2)).to.equal(true)
        },
      ),
    )
  })

  it('reads 10 000 hosts in well under 2 seconds', async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `host${i} ansible_host=10.0.${i >> 8}.${i & 255} n=${i}`)
    await writeFile(join(folder, 'big.ini'), `[big]\n${lines.join('\n')}\n`)
    const start = performance.now()
    const { inventory: big } = await loadInventory([join(folder, 'big.ini')])
    expect(big.match('big:!host7').hosts).to.have.length(9999)
    expect(performance.now() - start).to.be.below(1500)
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { ModuleFailure } from '../../../../../core/module/types.ts'
import { firewallArgs } from '../../../../../modules/network/firewall/args.ts'
import { keptText, parseKept } from '../../../../../modules/network/firewall/nftables/file.ts'
import { includes, KEPT_FILE, setInclude } from '../../../../../modules/network/firewall/nftables/include.ts'
import { closing, type NftState, nftables } from '../../../../../modules/network/firewall/nftables/nftables.ts'
import { isOurJump, OUR_CHAIN, openingOfRule } from '../../../../../modules/network/firewall/nftables/rules.ts'
import { parseRuleset } from '../../../../../modules/network/firewall/nftables/ruleset.ts'

/** Rulesets of different habits as nft 1.0.6 tells them. */
const RULESETS: Readonly<Record<string, object>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'rulesets.json'), 'utf8'),
)
const ruleset = (name: string) => parseRuleset(JSON.stringify(RULESETS[name]))
const openings = (input: object) => firewallArgs.parse(input).openings
const MAIN = { path: '/etc/nftables.conf', text: '#!/usr/sbin/nft -f\nflush ruleset\n' }
const stateOf = (name: string, more: Partial<NftState> = {}): NftState => ({
  ruleset: ruleset(name),
  main: MAIN,
  kept: '',
  enabled: true,
  ...more,
})
const migration = { service: 'libvirt-migration' }

describe('firewall: which chains of nftables close a port', () => {
  const table: [name: string, asked: object, closed: string[]][] = [
    ["a server's, policy drop", migration, ['inet filter input']],
    ["a server's, policy drop", { service: 'nfs' }, []],
    ["a server's, policy drop", { ports: '2049/udp' }, ['inet filter input']],
    ["Red Hat's, rejecting at the end", migration, ['inet nftables_svc INPUT']],
    ["Red Hat's, rejecting at the end", { service: 'vnc' }, []],
    ["Red Hat's, rejecting at the end", { ports: '5900-6000' }, ['inet nftables_svc INPUT']],
    ['fail2ban, Docker and libvirt', migration, []],
    ['fail2ban, Docker and libvirt', { service: 'ssh' }, []],
    ['by interface', migration, ['inet firewall inbound']],
    // Two rules that open it only together: one of ours more does no harm.
    ['opened by somebody', migration, ['inet filter input']],
    ['opened by somebody', { ports: '49201-49300' }, []],
    ['opened in part', migration, ['inet filter input']],
    ['opened in part', { ports: '49160' }, []],
    ['only IPv4', migration, ['ip filter4 input']],
    ['only IPv4', { ...migration, source: 'fd00::/8' }, []],
    ['by a rule for high ports', migration, ['inet filter input']],
    ['by a rule for high ports', { service: 'https' }, []],
    ['for a network of trust', migration, ['inet filter input']],
    ['for a network of trust', { ...migration, source: '10.1.0.0/16' }, []],
    ['for a network of trust', { ...migration, source: '192.168.1.6' }, []],
    ['for a network of trust', { ...migration, source: '192.168.1.4/30' }, ['inet filter input']],
    ['for a network of trust', { ...migration, source: 'fd12::/16' }, []],
    ['for a network of trust', { ...migration, source: '2001:db8::1' }, ['inet filter input']],
    ['twice', migration, ['inet second input']],
    ['twice', { ports: '80' }, ['inet first input']],
    ['prerouting and other hooks', migration, []],
    // Ours is not followed: a rule is needed whether or not it is there already.
    ['with ours', { ...migration, source: '10.88.250.0/24' }, ['inet filter input']],
  ]
  for (const [name, asked, closed] of table)
    it(`${name}: ${JSON.stringify(asked)}`, () => {
      const found = openings(asked).flatMap((one) => closing(ruleset(name), one))
      expect(found.map((one) => `${one.family} ${one.table} ${one.name}`)).to.deep.equal(closed)
    })

  it('does not take the chains of firewalld and iptables, which have tools of their own', () => {
    const close = (family: string, name: string, chain: string) => [
      { table: { family, name, handle: 1 } },
      {
        chain: { family, table: name, name: chain, handle: 2, type: 'filter', hook: 'input', prio: 0, policy: 'drop' },
      },
    ]
    const text = JSON.stringify({
      nftables: [...close('inet', 'firewalld', 'filter_INPUT'), ...close('ip', 'filter', 'INPUT')],
    })
    expect(openings(migration).flatMap((one) => closing(parseRuleset(text), one))).to.deep.equal([])
  })

  it('ends with rules that lead in circles, and with any JSON', () => {
    const rule = (chain: string, expr: object[]) => ({ rule: { family: 'inet', table: 't', chain, handle: 1, expr } })
    const jump = (target: string) => ({ jump: { target } })
    const base = { type: 'filter', hook: 'input', prio: 0, policy: 'accept' }
    const chain = (name: string, more: object = {}) => ({ chain: { family: 'inet', table: 't', name, ...more } })
    const circles = [chain('a', base), chain('b'), rule('a', [jump('b')]), ...Array(20).fill(rule('b', [jump('b')]))]
    const look = (nftables: unknown) =>
      openings(migration).flatMap((one) => closing(parseRuleset(JSON.stringify({ nftables })), one))
    expect(look(circles)).to.have.length(1)
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 })), fc.jsonValue(), (expr, right) => {
        look([chain('a', base), rule('a', [...(expr as object[]), { drop: null }])])
        look([
          chain('a', base),
          rule('a', [{ match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right } } as object]),
        ])
        look(expr)
      }),
    )
    expect(() => parseRuleset('Error: syntax error')).to.throw(ModuleFailure, /nft -j list ruleset/)
    expect(() => parseRuleset('{"nftables": 1}')).to.throw(ModuleFailure)
  })
})

describe('firewall: rules of nftables', () => {
  it('knows its own rules and jumps again, and no others', () => {
    const chains = new Map(ruleset('with ours').chains.map((one) => [one.name, one]))
    expect(chains.get(OUR_CHAIN)!.rules.map(openingOfRule)).to.deep.equal([
      '49152-49215/tcp from 10.88.250.0/24',
      '2049/tcp from fd00::1',
      '123/udp',
      // It logs: nobody here writes such a rule.
      undefined,
    ])
    expect(chains.get('input')!.rules.map(isOurJump)).to.deep.equal([true, false])
  })

  it('opens in the table that closes, and is kept in a file that is included', () => {
    const asked = openings({ ...migration, source: ['192.0.2.0/24', '2001:db8::/64'] })
    const firewall = nftables(stateOf("a server's, policy drop"))
    const changes = firewall.changes(asked, 'present')
    expect(changes.map((one) => one.path)).to.deep.equal([
      'nftables inet filter input 49152-49215/tcp from 192.0.2.0/24',
      'nftables inet filter input 49152-49215/tcp from 2001:db8::/64',
      KEPT_FILE,
      '/etc/nftables.conf',
    ])
    expect(changes[2]!.text!.after.split('\n').filter((line) => !line.startsWith('#'))).to.deep.equal([
      'add table inet filter',
      'add chain inet filter input',
      'add chain inet filter virtfleet_input',
      'insert rule inet filter input jump virtfleet_input comment "virtfleet"',
      'add rule inet filter virtfleet_input ip saddr 192.0.2.0/24 tcp dport 49152-49215 accept comment "virtfleet: libvirt-migration"',
      'add rule inet filter virtfleet_input ip6 saddr 2001:db8::/64 tcp dport 49152-49215 accept comment "virtfleet: libvirt-migration"',
      '',
    ])
    expect(changes[3]!.text!.after).to.equal(`${MAIN.text}include "${KEPT_FILE}"\n`)
    expect(firewall.script(asked, 'present').text).to.match(/nft -c -f [\s\S]*\| nft -f -/)
    expect(firewall.script(asked, 'present').text).not.to.match(/flush (table|chain)|delete|nft -f \/etc/)
  })

  it('takes back its own rules, and its chain with the last one', () => {
    const kept = keptText({
      jumps: [{ family: 'inet', table: 'filter', name: 'input' }],
      rules: [
        { family: 'inet', table: 'filter', opens: '123/udp', text: 'udp dport 123 accept comment "virtfleet"' },
        {
          family: 'inet',
          table: 'filter',
          opens: '2049/tcp from fd00::1',
          text: 'ip6 saddr fd00::1 tcp dport 2049 accept comment "virtfleet: nfs"',
        },
      ],
    })
    const main = { path: MAIN.path, text: setInclude(MAIN.text, true) }
    const state = stateOf('with ours', { kept, main })
    const one = nftables(state).changes(openings({ service: 'ntp' }), 'absent')
    expect(one.map(({ path }) => path)).to.deep.equal(['nftables inet filter 123/udp', KEPT_FILE])
    expect(parseKept(one[1]!.text!.after).rules.map(({ opens }) => opens)).to.deep.equal(['2049/tcp from fd00::1'])
    const own = state.ruleset.chains.map((chain) =>
      chain.name === OUR_CHAIN ? { ...chain, rules: chain.rules.slice(1, 3) } : chain,
    )
    const last = nftables({ ...state, ruleset: { ...state.ruleset, chains: own } })
    const both = [...openings({ service: 'ntp' }), ...openings({ service: 'nfs', source: 'fd00::1' })]
    expect(last.changes(both, 'absent').map(({ path }) => path)).to.deep.equal([
      'nftables inet filter 2049/tcp from fd00::1',
      'nftables inet filter 123/udp',
      KEPT_FILE,
      '/etc/nftables.conf',
    ])
    expect(last.changes(both, 'absent')[3]!.text!.after).to.equal(MAIN.text)
    expect(last.script(both, 'absent').text).to.match(/delete chain inet filter virtfleet_input'? \| nft -f -/)
  })

  it('says where nothing would load it at boot', () => {
    const asked = openings(migration)
    const none = nftables(stateOf("a server's, policy drop", { main: undefined }))
    expect(() => none.changes(asked, 'present')).to.throw(ModuleFailure, /nothing that we know loads/)
    const warn = (enabled: boolean | undefined) =>
      nftables(stateOf("a server's, policy drop", { enabled })).warnings(asked, 'present')
    expect([warn(false).length, warn(true).length, warn(undefined).length]).to.deep.equal([1, 0, 0])
  })

  it('refuses names that a file could not carry', () => {
    const text = JSON.stringify(RULESETS['opened in part']).replaceAll('"filter"', '"f; flush ruleset #"')
    const evil = nftables(
      stateOf('twice', { ruleset: parseRuleset(text.replaceAll('"type":"f; flush ruleset #"', '"type":"filter"')) }),
    )
    expect(() => evil.changes(openings(migration), 'present')).to.throw(ModuleFailure, /has a name/)
  })

  it('includes its file once, and leaves every other line', () => {
    const line = fc.constantFrom(
      'flush ruleset',
      '',
      '# include "/etc/virtfleet/firewall.nft"',
      'include "/etc/nftables.d/*.nft"',
      ' x ',
    )
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), (lines, end) => {
        const text = lines.join('\n') + (end ? '\n' : '')
        const made = setInclude(text, true)
        expect(includes(made)).to.equal(true)
        expect(setInclude(made, true)).to.equal(made)
        expect(setInclude(made, false)).to.equal(text === '' || text.endsWith('\n') ? text : `${text}\n`)
        expect(includes(text)).to.equal(false)
      }),
    )
  })
})

import { expect } from 'chai'
import { firewallArgs } from '../../../../../modules/network/firewall/args.ts'
import { parseTuples, type UfwState, ufw } from '../../../../../modules/network/firewall/ufw.ts'

/** ufw 0.36.2, user.rules and user6.rules */
const comment = (text: string): string => ` comment=${Buffer.from(text).toString('hex')}`
const FOUR = `*filter
:ufw-user-input - [0:0]
### RULES ###

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 22 -j ACCEPT

### tuple ### allow tcp 49152:49215 0.0.0.0/0 any 10.0.0.0/24 in${comment('virtfleet: libvirt-migration')}
-A ufw-user-input -p tcp -m multiport --dports 49152:49215 -s 10.0.0.0/24 -j ACCEPT

### tuple ### allow tcp 2049 0.0.0.0/0 any 0.0.0.0/0 in${comment("the storage team's: virtfleet")}
### tuple ### deny any any 0.0.0.0/0 any 10.9.9.9 in
### tuple ### allow tcp 16514 0.0.0.0/0 any 0.0.0.0/0 in${comment('virtfleet')}
### tuple ### allow any 111 0.0.0.0/0 any 0.0.0.0/0 in
### tuple ### limit tcp 3260 0.0.0.0/0 any 0.0.0.0/0 in
### tuple ### allow_log tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 in
### tuple ### allow tcp 5900 192.0.2.1 any 0.0.0.0/0 in
### tuple ### allow tcp 5901 0.0.0.0/0 any 0.0.0.0/0 in_eth0
### tuple ### route:allow tcp 5902 0.0.0.0/0 any 0.0.0.0/0 in
### tuple ### allow tcp 1 0.0.0.0/0 any 0.0.0.0/0 OpenSSH - in
### tuple ###
### END RULES ###
`
const SIX = `### tuple ### allow tcp 22 ::/0 any ::/0 in
### tuple ### allow tcp 16514 ::/0 any ::/0 in${comment('virtfleet')}
### tuple ### allow tcp 2049 ::/0 any fd00:1::/64 in${comment('virtfleet: nfs')}
`
/** iptables 1.8.9 -S ufw-user-input */
const LIVE = `-N ufw-user-input
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw-user-input -s 10.0.0.0/24 -p tcp -m multiport --dports 49152:49215 -j ACCEPT
-A ufw-user-input -p tcp -m tcp --dport 2049 -j ACCEPT
-A ufw-user-input -s 10.9.9.9/32 -j DROP
-A ufw-user-input -p tcp -m tcp --dport 16514 -j ACCEPT`

const stateOf = (more: Partial<UfwState> = {}): UfwState => ({
  rules: [...parseTuples(FOUR, 4), ...parseTuples(SIX, 6)],
  ipv6: true,
  live: { 4: LIVE, 6: undefined },
  ...more,
})
const told = (input: object, more: Partial<UfwState> = {}): string[] => {
  const { openings, state } = firewallArgs.parse(input)
  return ufw(stateOf(more))
    .changes(openings, state)
    .map(({ path }) => path)
}
const migration = { service: 'libvirt-migration', source: '10.0.0.0/24' }

describe('firewall: ufw', () => {
  it('reads rules for ports, whose they are, and leaves out what is about more', () => {
    const rules = parseTuples(FOUR, 4)
    expect(rules.map((one) => one.action)).to.deep.equal([
      ...['allow', 'allow', 'allow', 'deny', 'allow', 'allow', 'limit', 'allow'],
    ])
    expect(rules.map((one) => one.ours)).to.deep.equal([false, true, false, false, true, false, false, false])
    expect(rules[5]!.ports.map((one) => one.protocol)).to.deep.equal(['tcp', 'udp'])
    expect(parseTuples('### tuple ### allow tcp x 0.0.0.0/0 any 0.0.0.0/0 in comment=zz', 4)[0]).to.deep.include({
      ports: [],
      ours: false,
    })
  })

  it('finds rules that say the same, whoever made them', () => {
    expect(told(migration)).to.deep.equal([])
    expect(told({ service: 'libvirt-tls' })).to.deep.equal([])
    expect(told({ service: 'ssh' })).to.deep.equal([])
    expect(told({ service: 'nfs', source: 'fd00:1::1/64' })).to.deep.equal([])
    expect(told({ ...migration, source: '10.0.1.0/24' })).to.deep.equal(['ufw 49152-49215/tcp from 10.0.1.0/24'])
    // There for IPv4 only.
    expect(told({ service: 'nfs' })).to.deep.equal(['ufw 2049/tcp'])
    expect(told({ service: 'nfs' }, { ipv6: false })).to.deep.equal([])
  })

  it('removes its own only, and says what stays open', () => {
    expect(told({ ...migration, state: 'absent' })).to.deep.equal(['ufw 49152-49215/tcp from 10.0.0.0/24'])
    const { openings } = firewallArgs.parse({ service: 'nfs' })
    expect(ufw(stateOf()).changes(openings, 'absent')).to.deep.equal([])
    expect(ufw(stateOf()).warnings(openings, 'absent')).to.deep.equal(['2049/tcp is open by a rule of others'])
  })

  it('warns of a rule before its own that shuts somebody out', () => {
    const warned = (input: object) => ufw(stateOf()).warnings(firewallArgs.parse(input).openings, 'present')
    expect(warned({ service: 'iscsi-target' })).to.have.length(1)
    expect(warned({ service: 'libvirt-tls', source: '10.9.9.0/24' })).to.have.length(1)
    expect(warned({ service: 'libvirt-tls', source: '10.8.9.0/24' })).to.deep.equal([])
    expect(warned({ service: 'ssh' })).to.deep.equal([])
  })

  it('sees that the kernel has lost a rule, and loads them again', () => {
    const lost = { live: { 4: LIVE.replace(/.*49152.*\n/, ''), 6: undefined } }
    expect(told(migration, lost)).to.deep.equal(['ufw 49152-49215/tcp from 10.0.0.0/24'])
    const { openings } = firewallArgs.parse(migration)
    expect(ufw(stateOf(lost)).script(openings, 'present').text).to.match(/^LC_ALL=C; export LC_ALL\nufw reload/)
    // A rule for all does not stand for one for some.
    expect(
      told(
        { service: 'ssh' },
        {
          live: {
            4: LIVE.replace('-p tcp -m tcp --dport 22', '-s 10.0.0.1/32 -p tcp -m tcp --dport 22'),
            6: undefined,
          },
        },
      ),
    ).to.have.length(1)
  })

  it('speaks as ufw is spoken to, and takes back what it did before a step that fails', () => {
    const { openings } = firewallArgs.parse({ ports: ['80', '5000-5010/udp'], source: '10.1.0.0/16' })
    const rule = (protocol: string, port: string): string =>
      `allow proto ${protocol} from 10.1.0.0/16 to any port ${port}`
    expect(ufw(stateOf()).script(openings, 'present').text.split('\n').slice(1)).to.deep.equal([
      `ufw ${rule('tcp', '80')} comment virtfleet >/dev/null || { exit 1; }`,
      `ufw ${rule('udp', '5000:5010')} comment virtfleet >/dev/null || { ufw delete ${rule('tcp', '80')}; exit 1; }`,
    ])
  })
})

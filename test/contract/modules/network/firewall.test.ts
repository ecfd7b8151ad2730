import { createConnection } from 'node:net'
import { expect } from 'chai'
import { ModuleFailure } from '../../../../core/module/types.ts'
import firewall from '../../../../modules/network/firewall.ts'
import firewalld from '../../../../modules/network/firewalld.ts'
import { checkState, runState } from '../../module-driver.ts'
import { type ModuleLab, openModuleLab } from '../lab.ts'

const PORT = 49_160
/** Ours as the machine of the lab sees us is its gateway. */
const networkOf = (address: string): string => address.replace(/\d+$/, '0/24')

/** Whether a new TCP connection comes about; what is dropped is waited for. */
function reaches(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port, timeout: 500 })
    const end = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('error', () => end(false))
  })
}

/** The ruleset without what counts. */
const RULESET = 'nft -s list ruleset'
/** The same, and every file that has any of it. */
const ALL = `${RULESET}; echo @; cd /etc; find nftables.conf virtfleet firewalld ufw -type f -exec sha256sum {} + 2>/dev/null; :`

const failure = async (work: Promise<unknown>): Promise<ModuleFailure> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).to.be.instanceOf(ModuleFailure)
  return error as ModuleFailure
}

describe('firewall on a real host', function () {
  this.timeout(300_000)
  let lab: ModuleLab
  let migration: { service: string; source: string }
  const open = (): Promise<boolean> => reaches(lab.address, PORT)

  before(async () => {
    lab = await openModuleLab('security')
    migration = { service: 'libvirt-migration', source: networkOf(lab.address) }
    await lab.native(`nft flush ruleset; systemctl stop vf-listen 2>/dev/null; systemd-run -q --unit=vf-listen --collect python3 -m http.server ${PORT}
n=0; until ss -Htln sport = :${PORT} | grep -q .; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.1; done`)
  })
  after(() => lab?.close())

  /** Closed before, open after, gone without a trace; then the same with the firewall loaded again from what it has on disk. */
  async function opensAndCloses(reload: string, backend: string): Promise<void> {
    const absent = { ...migration, state: 'absent' }
    expect(await open(), 'before').to.equal(false)
    const before = await lab.native(ALL)
    const told = (await checkState(firewall, lab.frozen, migration)).map((one) => one.path)
    expect(await lab.native(ALL), 'what check mode did').to.equal(before)
    const done = await runState(firewall, lab.host, migration)
    expect(done.changes.map((one) => one.path))
      .to.deep.equal(told)
      .and.not.to.deep.equal([])
    expect(done.left).to.deep.equal([])
    expect(done.result).to.include({ backend, state: 'present' })
    expect(await open(), 'after').to.equal(true)
    const after = await lab.native(ALL)
    const writes = lab.host.writes()
    expect((await runState(firewall, lab.host, migration)).changes, 'a second run').to.deep.equal([])
    expect(lab.host.writes(), 'scripts of a second run').to.equal(writes)
    expect(await lab.native(ALL), 'what a second run did').to.equal(after)
    expect((await runState(firewall, lab.host, absent)).left).to.deep.equal([])
    expect(await open(), 'absent').to.equal(false)
    expect(await lab.native(RULESET), 'what was left').to.equal(before.slice(0, before.indexOf('\n@')))

    await runState(firewall, lab.host, migration)
    await lab.native(reload)
    expect(await open(), 'after it was loaded again').to.equal(true)
    expect(await checkState(firewall, lab.host, migration), 'after it was loaded again').to.deep.equal([])
    expect(await reaches(lab.address, 22), 'SSH').to.equal(true)
    await runState(firewall, lab.host, absent)
    await lab.native(reload)
    expect(await open(), 'absent, loaded again').to.equal(false)
  }

  it('says that ports are open where no firewall is, and starts none', async () => {
    expect(await open()).to.equal(true)
    const { changes, result } = await runState(firewall, lab.host, migration)
    expect(changes).to.deep.equal([])
    expect(result).to.include({ backend: 'none', msg: 'no firewall closes these ports: they are open already' })
    expect(await lab.native('nft list ruleset; systemctl is-active firewalld nftables; :')).to.equal(
      'inactive\ninactive',
    )
    expect((await failure(checkState(firewall, lab.host, { ...migration, backend: 'ufw' }))).message).to.equal(
      'ufw does not rule this host',
    )
  })

  it('refuses a host whose own rules of iptables close its ports', async () => {
    await lab.native(
      'iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables -P INPUT DROP',
    )
    const { message } = await failure(runState(firewall, lab.host, migration))
    await lab.native('iptables -P INPUT ACCEPT; iptables -F INPUT; nft flush ruleset')
    expect(message).to.equal("this host's own rules of iptables close its ports")
  })

  describe('nftables', () => {
    before(() =>
      lab.native(`cp /etc/nftables.conf /etc/nftables.debian; cat > /etc/nftables.conf <<'END'
#!/usr/sbin/nft -f
flush ruleset
define SSH = 22
table inet filter {
  set banned { type ipv4_addr; elements = { 198.51.100.9 } }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state vmap { established : accept, related : accept, invalid : drop }
    iifname lo accept
    ip saddr @banned drop
    meta l4proto { icmp, ipv6-icmp } accept
    tcp dport $SSH accept
  }
  chain forward { type filter hook forward priority filter; policy drop; }
}
END
systemctl restart nftables
nft add table ip libvirt_network; nft add chain ip libvirt_network guest_input '{ type filter hook forward priority 0; policy accept; }'
nft add rule ip libvirt_network guest_input oif virbr0 counter reject 2>/dev/null || nft add rule ip libvirt_network guest_input tcp dport 1 counter reject`),
    )
    after(() => lab.native('mv /etc/nftables.debian /etc/nftables.conf; systemctl stop nftables; nft flush ruleset'))

    it('opens and closes in nftables, now and for good', async () => {
      await opensAndCloses('nft -f /etc/nftables.conf', 'nftables')
    })

    it('keeps nothing where nftables.conf could not be loaded at boot', async () => {
      await lab.native('echo "add rule inet filter nothing accept" >> /etc/nftables.conf')
      const before = await lab.native(ALL)
      const { message } = await failure(runState(firewall, lab.host, migration))
      expect(message).to.match(/^nftables refused: .*nft refuses what would be loaded at boot/)
      expect(await lab.native(ALL)).to.equal(before)
      await lab.native(`sed -i '$d' /etc/nftables.conf`)
    })

    it('puts the files back where the running ruleset takes no rule', async () => {
      const before = await lab.native(ALL)
      // What is checked is accepted; what is run is not.
      const broken = `mv /usr/sbin/nft /usr/sbin/nft.real
printf '#!/bin/sh\\n[ "$*" = "-f -" ] && exit 1\\nexec /usr/sbin/nft.real "$@"\\n' > /usr/sbin/nft; chmod 755 /usr/sbin/nft`
      await lab.native(broken)
      const { message } = await failure(runState(firewall, lab.host, migration))
      await lab.native('mv /usr/sbin/nft.real /usr/sbin/nft')
      expect(message).to.match(/^nftables refused/)
      expect(await lab.native(ALL)).to.equal(before)
    })

    it('does not close SSH unless told, and not what others opened', async () => {
      const own = { ports: '20-22', source: '192.0.2.7' }
      await runState(firewall, lab.host, own)
      const others = await checkState(firewall, lab.host, { service: 'ssh', state: 'absent' })
      expect(others, 'the rule of nftables.conf').to.deep.equal([])
      const absent = { ...own, state: 'absent' }
      const { message, hint } = await failure(checkState(firewall, lab.host, absent))
      expect(message).to.equal('SSH comes in by 20-22/tcp from 192.0.2.7: it would be closed')
      expect(hint).to.match(/allow_disruption/)
      expect((await runState(firewall, lab.host, { ...absent, allow_disruption: true })).left).to.deep.equal([])
    })
  })

  describe('firewalld', () => {
    const reload = 'firewall-cmd -q --reload'
    before(() => lab.native('systemctl start firewalld; firewall-cmd -q --add-port=81/tcp'))
    after(() =>
      lab.native(
        'systemctl stop firewalld; rm -f /etc/firewalld/zones/internal.xml; cp /usr/lib/firewalld/zones/public.xml /etc/firewalld/zones/',
      ),
    )

    it('opens and closes in firewalld, now and for good', () => opensAndCloses(reload, 'firewalld'))

    it('takes the arguments of Ansible’s firewalld', async () => {
      const args = { port: `${PORT}/tcp`, permanent: true, immediate: true, state: 'enabled' }
      const told = (await checkState(firewalld, lab.frozen, args)).map((one) => one.path)
      expect(told).to.deep.equal(['default zone port', 'default zone permanent port'])
      expect((await runState(firewalld, lab.host, args)).left).to.deep.equal([])
      expect(await open()).to.equal(true)
      expect((await runState(firewalld, lab.host, { ...args, state: 'disabled' })).left).to.deep.equal([])
      expect(await open()).to.equal(false)
      const rule = { rich_rule: 'rule family=ipv4 source address=192.0.2.9 service name=nfs accept', state: 'enabled' }
      expect((await runState(firewalld, lab.host, rule)).left).to.deep.equal([])
      expect((await failure(checkState(firewalld, lab.host, { ...rule, zone: 'none' }))).message).to.match(
        /INVALID_ZONE/,
      )
    })

    it('warns where the interfaces are in another zone, and opens in the one that is named', async () => {
      await lab.native('firewall-cmd -q --zone=internal --change-interface=host0')
      const wrong = await runState(firewall, lab.host, migration)
      expect(wrong.result).to.deep.include({
        warnings: ['the zone public has no interface; internal has: name one with zone'],
      })
      expect(await open()).to.equal(false)
      await runState(firewall, lab.host, { ...migration, zone: 'internal' })
      expect(await open()).to.equal(true)
    })
  })

  describe('ufw', () => {
    before(() => lab.native('ufw allow 22/tcp; ufw allow from 192.0.2.7; ufw --force enable'))
    after(() => lab.native('ufw --force reset; nft flush ruleset'))

    it('opens and closes in ufw, now and for good', () => opensAndCloses('ufw reload', 'ufw'))

    it('leaves a rule of others that says the same, and says so', async () => {
      await lab.native('ufw allow 2049/tcp')
      expect((await runState(firewall, lab.host, { service: 'nfs' })).changes).to.deep.equal([])
      const absent = await runState(firewall, lab.host, { service: 'nfs', state: 'absent' })
      expect(absent.changes).to.deep.equal([])
      expect(absent.result).to.deep.include({ warnings: ['2049/tcp is open by a rule of others'] })
    })
  })
})

import { sh } from '../../core/connection/quote.ts'
import { defineState } from '../../core/module/define.ts'
import { ModuleFailure } from '../../core/module/types.ts'
import { type FirewallSpec, firewallArgs } from './firewall/args.ts'
import { openingText } from './firewall/opening.ts'
import { portText } from './firewall/ports.ts'
import { type FirewallState, probeFirewall } from './firewall/probe.ts'

export default defineState({
  name: 'firewall',
  summary: 'Lets connections in through the firewall that rules the host, now and after every boot.',
  description: `It finds out what rules the host: firewalld where it runs, ufw where it is enabled, or a ruleset of nftables with a chain that
closes the ports. Where no firewall closes them, they are open already: that is said, and nothing is changed. A firewall is never started,
stopped, reloaded from its files or flushed, and rules of others (of libvirt, of Docker, of people) are left alone.

- firewalld: a port of the zone, or with \`source\` a rich rule. Such rules have no owner: \`absent\` removes the one that says the same.
- ufw: a rule with the comment \`virtfleet\`. One of another's that says the same is good enough, and stays with \`absent\`.
- nftables: the table that closes the ports gets a chain \`virtfleet_input\`, to which one rule at the head of the closing chain leads, as an
  accept in a table of its own would open nothing. It is kept in /etc/virtfleet/firewall.nft, which nftables.conf includes, after
  \`nft -c\` has accepted both.

Ports of SSH are not closed (\`absent\`) without \`allow_disruption\`.`,
  args: firewallArgs,
  shielded: true,
  touches: 'subject',
  returns: {
    backend: 'firewalld, ufw or nftables, also several with commas; none where no firewall closes the ports',
    ports: 'what is let in, as 49152-49215/tcp',
    source: 'from where; empty: from anywhere',
    state: 'present or absent',
    msg: 'where nothing had to be done: why',
  },
  examples: `
- name: Migrations, from the other hypervisors only
  firewall:
    service: [libvirt-migration, libvirt-tls]
    source: [192.0.2.0/24, "2001:db8::/64"]

- firewall: ports=8080/tcp,5000-5010/udp zone=internal

- firewall: service=vnc state=absent
`,
  probe: (host, spec) => probeFirewall(host, spec),
  diff(state, spec) {
    const changes = state.firewalls.flatMap((one) => one.changes(spec.openings, spec.state))
    if (spec.state === 'absent' && changes.length > 0 && !spec.allow_disruption) keepSsh(state, spec)
    return changes
  },
  async apply(host, spec, state) {
    for (const one of state.firewalls) {
      if (one.changes(spec.openings, spec.state).length === 0) continue
      const done = await host.run(sh`${one.script(spec.openings, spec.state)}`, { shielded: true })
      if (done.status === 0) continue
      const said = (done.merged ? done.stdout : done.stderr).toString().trim().split('\n').slice(-3).join('; ')
      throw new ModuleFailure(`${one.name} refused: ${said.slice(0, 500)}`, { hint: 'nothing of it was kept' })
    }
    return undefined
  },
  result(state, spec) {
    const warnings = state.firewalls.flatMap((one) => one.warnings(spec.openings, spec.state))
    return {
      backend: state.firewalls.map((one) => one.name).join(', ') || 'none',
      ports: [...new Set(spec.openings.map((one) => portText(one.ports)))],
      source: [...new Set(spec.openings.flatMap((one) => one.source?.text ?? []))],
      state: spec.state,
      ...(state.firewalls.length === 0 && { msg: idle(spec) }),
      ...(warnings.length > 0 && { warnings }),
    }
  },
  why: (state, spec) =>
    state.firewalls.length === 0 ? idle(spec) : `${spec.openings.map(openingText).join(', ')}: ${spec.state} already`,
})

const idle = (spec: FirewallSpec): string =>
  spec.state === 'present' ? 'no firewall closes these ports: they are open already' : 'no firewall has such a rule'

/** A rule that is taken away could be the one by which we, or the host's people, come in. */
function keepSsh({ sshPorts }: FirewallState, { openings }: FirewallSpec): void {
  const ports = sshPorts.length > 0 ? sshPorts : [22]
  const hit = openings.find(({ ports: p }) => p.protocol === 'tcp' && ports.some((n) => n >= p.first && n <= p.last))
  if (!hit) return
  throw new ModuleFailure(`SSH comes in by ${openingText(hit)}: it would be closed`, {
    hint: 'open another way first; then allow_disruption: true',
  })
}

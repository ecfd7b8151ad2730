import { randomBytes } from 'node:crypto'
import { type ShellText, sh } from '../../../core/connection/quote.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import type { FirewallSpec } from './args.ts'
import type { Firewall } from './backend.ts'
import { firewalld, parseActiveZones, parseZone } from './firewalld.ts'
import { closesByIptables } from './iptables.ts'
import { KEPT_FILE } from './nftables/include.ts'
import { closing, hasOurs, type NftState, nftables } from './nftables/nftables.ts'
import { parseRuleset } from './nftables/ruleset.ts'
import { parseTuples, ufw } from './ufw.ts'

export interface FirewallState {
  /** Those that rule the host; none: nothing closes these ports. */
  readonly firewalls: readonly Firewall[]
  /** Ports at which sshd listens, and the one that this connection came by. */
  readonly sshPorts: readonly number[]
}

const NOT_ROOT = 77
/** A ruleset of tens of thousands of rules has some megabytes. */
const MOST = 32 << 20

/** Asks all firewalls in one round trip. Raises ModuleFailure where one that was named does not rule the host. */
export async function probeFirewall(host: Reader, spec: FirewallSpec): Promise<FirewallState> {
  const mark = `@@${randomBytes(12).toString('hex')}`
  const answer = await host.read(lookScript(mark, spec.zone), { maxOutput: MOST })
  if (answer.status === NOT_ROOT)
    throw new ModuleFailure('only root may look at the firewall of a host', { hint: 'use become: true' })
  const found = new Map(
    answer.stdout
      .toString()
      .split(`${mark} `)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n')
        // The last line feed belongs to the next mark.
        return [part.slice(0, end), part.slice(end + 1).replace(/\n$/, '')] as const
      }),
  )
  const all = [askedFirewalld(found, spec), askedUfw(found), askedNft(found, spec)].filter((one) => one !== undefined)
  const firewalls = all.filter((one) => spec.backend === 'auto' || one.name === spec.backend)
  if (spec.backend !== 'auto' && firewalls.length === 0)
    throw new ModuleFailure(`${spec.backend} does not rule this host`, {
      hint: all.length > 0 ? `${all.map((one) => one.name).join(' and ')} does` : 'no firewall that we know does',
    })
  const sshPorts = (found.get('ssh') ?? '').match(/\d+/g) ?? []
  return { firewalls, sshPorts: [...new Set(sshPorts.slice(0, 64).map(Number))] }
}

type Found = ReadonlyMap<string, string>

function askedFirewalld(found: Found, spec: FirewallSpec): Firewall | undefined {
  const [live, permanent] = [found.get('firewalld'), found.get('firewalld permanent')]
  if (live === undefined || permanent === undefined) return undefined
  const zones = [parseZone(live), parseZone(permanent)] as const
  if (zones[0] && zones[1]) return firewalld(zones[0], zones[1], parseActiveZones(found.get('active') ?? ''))
  const said = `${live}\n${permanent}`.trim().split('\n')[0]
  throw new ModuleFailure(`firewalld does not tell of the zone ${spec.zone ?? ''}: ${said}`.slice(0, 300), {
    hint: `it has ${(found.get('zones') ?? '').trim().replaceAll(' ', ', ').slice(0, 500)}`,
  })
}

function askedUfw(found: Found): Firewall | undefined {
  const live = found.get('ufw')
  if (live === undefined) return undefined
  return ufw({
    rules: [...parseTuples(found.get('user.rules') ?? '', 4), ...parseTuples(found.get('user6.rules') ?? '', 6)],
    ipv6: !/^\s*IPV6\s*=\s*["']?no/m.test(found.get('ufw default') ?? ''),
    live: { 4: live, 6: found.get('ufw6') },
  })
}

function askedNft(found: Found, spec: FirewallSpec): Firewall | undefined {
  const text = found.get('nft')
  if (!found.has('firewalld') && !found.has('ufw') && spec.state === 'present') refuseIptables(found)
  if (text === undefined) return undefined
  if (found.has('nft failed')) {
    // A kernel without nftables has no rules of it.
    if (/(Operation|Protocol) not supported/.test(text)) return undefined
    throw new ModuleFailure(`nft does not tell the ruleset: ${text.trim().split('\n')[0]}`.slice(0, 300))
  }
  const main = ['/etc/sysconfig/nftables.conf', '/etc/nftables.conf'].find((path) => found.has(path))
  const enabled = found.get('enabled')?.trim()
  const state: NftState = {
    ruleset: parseRuleset(text),
    main: main === undefined ? undefined : { path: main, text: found.get(main)! },
    kept: found.get(KEPT_FILE) ?? '',
    enabled: enabled === undefined || enabled === '' ? undefined : enabled === 'enabled',
  }
  const rules =
    spec.state === 'absent' ? hasOurs(state) : spec.openings.some((one) => closing(state.ruleset, one).length > 0)
  return rules || spec.backend === 'nftables' ? nftables(state) : undefined
}

/** iptables without anything above it has no place where rules are kept, or as many as there are distributions. */
function refuseIptables(found: Found): void {
  const saved = ['iptables', 'ip6tables'].map((tool) => found.get(tool) ?? '')
  if (!saved.some(closesByIptables)) return
  throw new ModuleFailure("this host's own rules of iptables close its ports", {
    hint: 'firewalld, ufw and nftables are known: change to one of them, or give the rule by a command',
  })
}

function lookScript(mark: string, zone: string | undefined): ShellText {
  const at = zone === undefined ? [] : [`--zone=${zone}`]
  // Neither ufw nor iptables may be asked where that would write a lock file or load tables: both are looked at from outside.
  return sh`[ "$(id -u)" = 0 ] || exit ${NOT_ROOT}
LC_ALL=C; export LC_ALL
s() { printf '\\n%s %s\\n' ${mark} "$1"; }
f() { [ -r "$1" ] || return 0; printf '\\n%s %s\\n' ${mark} "$2"; cat <"$1"; }
r() { if command -v systemctl >/dev/null; then systemctl is-active -q firewalld; else firewall-cmd -q --state; fi; }
if command -v firewall-cmd >/dev/null && r 2>/dev/null; then
  l() { c=$("$@" 2>/dev/null) || { c=$("$@" 2>&1); s zones; firewall-cmd --get-zones; }; }
  l firewall-cmd ${at} --list-all; s firewalld; printf '%s\\n' "$c"
  ${zone === undefined ? sh`printf '%s\\n' "$c" | grep -q '^[a-zA-Z0-9_-]* (.*active' || { s active; firewall-cmd --get-active-zones; }` : sh`:`}
  l firewall-cmd --permanent ${at} --list-all; s 'firewalld permanent'; printf '%s\\n' "$c"
fi
if grep -q '^ENABLED=.*yes' /etc/ufw/ufw.conf 2>/dev/null && c=$(iptables -S ufw-user-input 2>/dev/null); then
  s ufw; printf '%s\\n' "$c"
  c=$(ip6tables -S ufw-user-input 2>/dev/null) && { s ufw6; printf '%s\\n' "$c"; }
  f /etc/ufw/user.rules user.rules; f /etc/ufw/user6.rules user6.rules; f /etc/default/ufw 'ufw default'
fi
if command -v nft >/dev/null; then
  s nft; nft -j list ruleset 2>&1 || s 'nft failed'
  s enabled; systemctl is-enabled nftables 2>/dev/null
  for p in /etc/nftables.conf /etc/sysconfig/nftables.conf ${KEPT_FILE}; do f "$p" "$p"; done
fi
for v in iptables ip6tables; do
  c=$("$v"-save 2>/dev/null) && { s $v; printf '%s\\n' "$c"; }
done
s ssh; echo "$SSH_CONNECTION" | cut -d' ' -f4
ss -Htlnp 2>/dev/null | sed -nE '/"(sshd|dropbear)"/s/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]*:([0-9]+) .*/port \\1/p'
exit 0`
}

import { arg } from '../../../core/module/arg.ts'
import type { Opening } from './opening.ts'
import { type PortRange, parsePorts, portText } from './ports.ts'
import { SERVICE_NAMES, SERVICES } from './services.ts'
import { parseSource } from './source.ts'

const ports = () =>
  arg
    .name()
    .refine((text) => parsePorts(text) !== undefined, 'must be a port or a range with its protocol, as 49152-49215/tcp')
    .transform((text) => parsePorts(text) as PortRange)

const source = () =>
  arg
    .name()
    .refine((text) => parseSource(text) !== undefined, 'must be an address or a network, as 192.0.2.0/24')
    .transform((text) => parseSource(text)!)

export const firewallArgs = arg
  .object(
    {
      service: arg
        .list(arg.choice(...SERVICE_NAMES))
        .default([])
        .describe('known ports, by name'),
      ports: arg.list(ports()).default([]).describe('other ports: 8080, 2049/udp, 49152-49215/tcp; tcp unless said'),
      source: arg
        .list(source())
        .default([])
        .describe('networks or addresses that are let in; from anywhere unless said'),
      state: arg.choice('present', 'absent').default('present').describe('absent removes the rules that present makes'),
      zone: arg
        .name()
        .refine((text) => /^\w[\w-]{0,31}$/.test(text), 'must be the name of a zone')
        .optional()
        .describe("firewalld's zone; its default zone unless said"),
      backend: arg
        .choice('auto', 'firewalld', 'nftables', 'ufw')
        .default('auto')
        .describe('what rules the host; auto looks, and takes all that do'),
      allow_disruption: arg.bool().default(false).describe('with state absent: though SSH may be among the ports'),
    },
    { aliases: { services: 'service', port: 'ports', sources: 'source' } },
  )
  .refine((a) => a.service.length + a.ports.length > 0, { message: 'name at least one of service and ports' })
  .refine((a) => a.zone === undefined || !/^libvirt(-routed)?$/.test(a.zone), {
    message: 'the zones libvirt and libvirt-routed belong to libvirt, which writes them anew: name another one',
  })
  .refine((a) => a.zone === undefined || a.backend === 'auto' || a.backend === 'firewalld', {
    message: 'only firewalld has zones',
  })
  .transform(({ service, ports, source, ...rest }) => ({ ...rest, openings: openingsOf(service, ports, source) }))

export type FirewallSpec = ReturnType<typeof firewallArgs.parse>

function openingsOf(
  services: readonly (keyof typeof SERVICES)[],
  ports: readonly PortRange[],
  sources: readonly NonNullable<Opening['source']>[],
): Opening[] {
  const declared = [
    ...services.flatMap((service) => SERVICES[service].map((text) => ({ service, ports: parsePorts(text)! }))),
    ...ports.map((one) => ({ service: undefined, ports: one })),
  ]
  // vnc and spice are the same ports: one rule.
  const unique = new Map<string, (typeof declared)[number]>()
  for (const one of declared) if (!unique.has(portText(one.ports))) unique.set(portText(one.ports), one)
  const from = new Map(sources.map((one) => [one.text, one]))
  return [...unique.values()].flatMap((one): Opening[] =>
    from.size === 0 ? [{ ...one, source: undefined }] : [...from.values()].map((each) => ({ ...one, source: each })),
  )
}

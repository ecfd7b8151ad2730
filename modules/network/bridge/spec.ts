import { isIPv6 } from 'node:net'
import { arg } from '../../../core/module/arg.ts'

/** Linux allows 15 bytes, and the name ends up in file names. */
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,14}$/
const CIDR4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!\/)|(?=\/))){4}\/(?:3[0-2]|[12]?\d)$/
const CIDR6 = /^[0-9a-fA-F:]*:[0-9a-fA-F:.]*\/(?:12[0-8]|1[01]\d|[1-9]?\d)$/
const ADDRESS4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/

const interfaceName = () =>
  arg.name().refine((text) => NAME.test(text), 'must be an interface name of at most 15 characters')

/** IPv6 as the kernel writes it: small, shortened. */
function canonical(address: string): string {
  const [host = '', prefix] = address.split('/')
  if (!host.includes(':') || !isIPv6(host)) return address
  return `${new URL(`http://[${host}]`).hostname.slice(1, -1)}/${prefix}`
}

export const bridgeArgs = arg
  .object({
    name: interfaceName().describe('the bridge'),
    ports: arg.list(interfaceName()).default([]).describe('interfaces that belong to it; their own addresses go'),
    addresses: arg
      .list(
        arg
          .name()
          .refine((text) => CIDR4.test(text) || CIDR6.test(text), 'must be an address with its prefix, as 192.0.2.5/24')
          .transform(canonical),
      )
      .default([])
      .describe('addresses of the bridge, with their prefixes'),
    gateway4: arg
      .name()
      .refine((text) => ADDRESS4.test(text), 'must be an IPv4 address')
      .optional()
      .describe('default route'),
    dhcp4: arg.bool().default(false).describe('address by DHCP'),
    nameservers: arg.list(arg.name().refine((text) => /^[0-9a-fA-F:.]+$/.test(text), 'must be an address')).default([]),
    mtu: arg.int().optional(),
    mac: arg
      .name()
      .refine((text) => /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/.test(text), 'must be six bytes with colons')
      .optional()
      .describe("the bridge's own address; DHCP servers know a host by it"),
    stp: arg.bool().default(false).describe('spanning tree'),
    forward_delay: arg.int().default(0).describe('seconds a new port waits; with stp at least 2'),
    state: arg.choice('present', 'absent').default('present'),
    backend: arg
      .choice('auto', 'NetworkManager', 'netplan', 'networkd', 'ifupdown', 'ifcfg')
      .default('auto')
      .describe('what configures the network of the host'),
    timeout: arg
      .int()
      .default(60)
      .describe('seconds after which the host takes its old configuration back unless we reach it anew'),
    activation_timeout: arg
      .int()
      .default(120)
      .describe('seconds that the host may take to put a configuration into force before it takes the old one back'),
    allow_disruption: arg.bool().default(false).describe('though guests hang on the bridge; their ports are put back'),
  })
  .refine((a) => !(a.dhcp4 && a.gateway4 !== undefined), { message: 'dhcp4 brings its own gateway: give one of them' })
  .refine((a) => !a.ports.includes(a.name), { message: 'a bridge cannot be its own port' })
  .refine((a) => a.timeout >= 15, { message: 'timeout must be at least 15 s' })
  .refine((a) => a.activation_timeout >= 15, { message: 'activation_timeout must be at least 15 s' })
  .refine((a) => !a.stp || a.forward_delay === 0 || (a.forward_delay >= 2 && a.forward_delay <= 30), {
    message: 'forward_delay must be 2 to 30 s with stp',
  })

export type BridgeSpec = ReturnType<typeof bridgeArgs.parse>

/** The kernel refuses 0 with spanning tree; 15 s is the standard's default. */
export const forwardDelay = (spec: BridgeSpec): number =>
  spec.stp && spec.forward_delay === 0 ? 15 : spec.forward_delay

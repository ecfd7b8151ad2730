import { sh } from '../../../../core/connection/quote.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'
import type { NetworkBackend } from '../backend.ts'
import { type BridgeSpec, forwardDelay } from '../spec.ts'
import { ifcfgValue, release, setAside } from './file.ts'

const STEM = '/etc/sysconfig/network-scripts/ifcfg-'
const HEAD = '# Managed by virtfleet: module bridge.\n'
const file = (name: string): string => `${STEM}${name}`
/** Copies that editors and rpm leave, which the scripts pass over. */
const PASSED_OVER = /(~|\.bak|\.old|\.orig|\.rpmnew|\.rpmorig|\.rpmsave|\.virtfleet)$/

/** The network service of EL 7 and 8 (initscripts, network-scripts): one file for each interface. */
export const ifcfg: NetworkBackend = {
  name: 'ifcfg',
  mode: '0644',
  reads: STEM,
  inputs: (spec) => [file(spec.name), ...spec.ports.map(file)],
  files(spec, current) {
    const present = spec.state === 'present'
    const files = new Map<string, string | undefined>()
    const released = [...current].flatMap(([path, text]): [string, string][] =>
      text === undefined || path === file(spec.name) || PASSED_OVER.test(path)
        ? []
        : [[path, release(text, spec.name)]],
    )
    const own = new Map(released)
    for (const [path, text] of released) files.set(path, withoutBridge(path, text, spec))
    if (present) {
      for (const port of spec.ports) {
        const alias = released.find(([path, text]) => path !== file(port) && ifcfgValue(text, 'DEVICE') === port)
        if (alias) {
          throw new ModuleFailure(`${alias[0]} configures ${port} under another name`, {
            hint: `rename it to ${file(port)}`,
          })
        }
        files.set(file(port), portFile(spec, port, own.get(file(port))))
      }
    }
    const unmanaged = spec.ports.some((port) =>
      /^(no|false|n|f|0)$/i.test(ifcfgValue(own.get(file(port)) ?? '', 'NM_CONTROLLED') ?? ''),
    )
    files.set(file(spec.name), present ? bridgeFile(spec, unmanaged) : undefined)
    return files
  },
  release: (interfaces) =>
    sh`for i in ${interfaces}; do [ ! -e ${sh.raw(STEM)}"$i" ] || ifdown "$i" 2>/dev/null || :; done`,
  // Ports come first, as at a boot: DHCP needs one that carries, and the scripts make a bridge that is not there yet.
  activate: ({ bridge, gone, ports, free }) =>
    sh`${gone === undefined ? sh`:` : sh`ip link del dev ${gone} 2>/dev/null || :`}
for i in ${free}; do ip link set dev "$i" nomaster; [ -e ${sh.raw(STEM)}"$i" ] && ifup "$i" || ip link set dev "$i" up; done
${
  bridge === undefined
    ? sh`:`
    : sh`for i in ${ports}; do ifup "$i"; done
ifup ${bridge}`
}`,
}

/** A file that is none of a wanted port's. One that someone else made a port of this bridge stays so until the bridge goes. */
function withoutBridge(path: string, text: string, spec: BridgeSpec): string | undefined {
  if (text === HEAD + blank(path.slice(STEM.length))) return undefined
  if (ifcfgValue(text, 'BRIDGE') !== spec.name) return text
  return text
    .split('\n')
    .filter((line) => !/^\s*(export\s+)?BRIDGE=/.test(line))
    .join('\n')
}

const blank = (port: string): string => `DEVICE=${port}\nTYPE=Ethernet\nONBOOT=no\nBOOTPROTO=none\n`

function portFile(spec: BridgeSpec, port: string, own: string | undefined): string {
  const text = own ?? HEAD + blank(port)
  const plain =
    !/^\s*(export\s+)?(IPADDR|IPV6ADDR|GATEWAY)/m.test(text) && !/dhcp|bootp/.test(ifcfgValue(text, 'BOOTPROTO') ?? '')
  const sized = spec.mtu === undefined || ifcfgValue(text, 'MTU') === String(spec.mtu)
  // Made a port by somebody else, and nothing more: it is as it should be.
  if (ifcfgValue(text, 'BRIDGE') === spec.name && plain && sized && /^yes$/i.test(ifcfgValue(text, 'ONBOOT') ?? 'yes'))
    return text
  return setAside(text, file(port), spec.name, spec.mtu)
}

function bridgeFile(spec: BridgeSpec, unmanaged: boolean): string {
  const four = spec.addresses.filter((one) => !one.includes(':'))
  const [first, ...more] = spec.addresses.filter((one) => one.includes(':'))
  const lines = [
    `DEVICE=${spec.name}`,
    'TYPE=Bridge',
    'ONBOOT=yes',
    ...(unmanaged ? ['NM_CONTROLLED=no'] : []),
    `STP=${spec.stp ? 'yes' : 'no'}`,
    // EL 7 takes DELAY for seconds, EL 8 for hundredths; this one goes to the kernel as it is.
    `BRIDGING_OPTS="forward_delay=${forwardDelay(spec) * 100}"`,
    ...(spec.mtu === undefined ? [] : [`MTU=${spec.mtu}`]),
    ...(spec.mac === undefined ? [] : [`MACADDR=${spec.mac}`]),
    `BOOTPROTO=${spec.dhcp4 ? 'dhcp' : 'none'}`,
    ...four.flatMap((one, i) => {
      const [address = '', prefix = ''] = one.split('/')
      const n = i === 0 ? '' : String(i)
      return [`IPADDR${n}=${address}`, `PREFIX${n}=${prefix}`]
    }),
    ...(spec.gateway4 === undefined ? [] : [`GATEWAY=${spec.gateway4}`]),
    ...spec.nameservers.map((one, i) => `DNS${i + 1}=${one}`),
    ...(first === undefined ? [] : ['IPV6INIT=yes', `IPV6ADDR=${first}`]),
    ...(more.length === 0 ? [] : [`IPV6ADDR_SECONDARIES="${more.join(' ')}"`]),
  ]
  return `${HEAD}${lines.join('\n')}\n`
}

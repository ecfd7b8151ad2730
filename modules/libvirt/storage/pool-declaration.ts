import type { z } from 'zod'
import { type Element, escapeXml } from '../../../core/libvirt/xml/element.ts'
import { arg } from '../../../core/module/arg.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import { parseDeclared } from '../daemon/changes.ts'

/** Arguments of libvirt_pool. */
export const poolArgs = arg.object({
  name: arg.name().describe('Name of the pool.'),
  state: arg
    .choice('present', 'active', 'inactive', 'absent')
    .default('active')
    .describe('active: defined and running.'),
  autostart: arg.bool().optional().describe('Start with the host. Default: as it is; true for a pool that is made.'),
  type: arg
    .choice('dir', 'netfs', 'logical', 'disk', 'iscsi')
    .optional()
    .describe('A folder, an NFS share, an LVM volume group, a disk with partitions, a target of iSCSI.'),
  path: arg.path().optional().describe('Where the pool is on the host; needed for dir and netfs.'),
  host: arg.str().optional().describe('netfs and iscsi: the server.'),
  port: arg.int().optional().describe('iscsi: its port. Default: 3260.'),
  target: arg.name().optional().describe('iscsi: the name of the target, such as iqn.2024-01.org.example:vms.'),
  initiator: arg.name().optional().describe('iscsi: the name that this host gives itself there.'),
  username: arg.name().optional().describe('iscsi: user of CHAP; its password is the secret of libvirt.'),
  secret: arg.name().optional().describe('iscsi: usage of the secret of libvirt with the password.'),
  export: arg.path().optional().describe('netfs: the path that the server exports.'),
  protocol_version: arg
    .str()
    .default('4.2')
    .describe('netfs: the NFS version. Without one libvirt mounts NFS 3, whose locks outlive their host.'),
  volume_group: arg.str().optional().describe('logical: the volume group; default the name of the pool.'),
  devices: arg
    .list(arg.path())
    .default([])
    .describe(
      'logical: block devices to make the volume group of, if there is none. disk: the disk, which gets a partition table if there is nothing on it. What holds anything is refused.',
    ),
  partition_table: arg.choice('gpt', 'dos').default('gpt').describe('disk: kind of its partition table.'),
  xml: arg.str().optional().describe('The whole definition, instead of the arguments above.'),
  allow_disruption: arg.bool().default(false).describe('Stop the pool although running guests have disks in it.'),
})
export type PoolArgs = z.output<typeof poolArgs>

/** The definition a task declares; undefined where it declares none (a state only). Raises ModuleFailure. */
export function declaredPool(args: PoolArgs): Element | undefined {
  if (args.xml !== undefined) {
    const element = parseDeclared(args.xml, 'xml')
    if (element.name !== 'pool') throw new ModuleFailure(`the xml is a <${element.name}>, not a <pool>`)
    return element
  }
  if (args.type === undefined) return undefined
  const missing = (name: string): never => {
    throw new ModuleFailure(`a pool of type ${args.type} needs the argument ${name}`)
  }
  if (args.type === 'dir') return pool(args, '', args.path ?? missing('path'))
  if (args.type === 'netfs') {
    const host = escapeXml(args.host ?? missing('host'))
    const dir = escapeXml(args.export ?? missing('export'))
    const protocol = args.protocol_version === '' ? '' : `<protocol ver='${escapeXml(args.protocol_version)}'/>`
    const source = `<source><host name='${host}'/><dir path='${dir}'/><format type='nfs'/>${protocol}</source>`
    return pool(args, source, args.path ?? missing('path'))
  }
  if (args.type === 'disk') return pool(args, diskSource(args, missing), args.path ?? '/dev')
  if (args.type === 'iscsi') return pool(args, iscsiSource(args, missing), args.path ?? '/dev/disk/by-path')
  const group = args.volume_group ?? args.name
  const devices = args.devices.map((d) => `<device path='${escapeXml(d)}'/>`).join('')
  const source = `<source>${devices}<name>${escapeXml(group)}</name><format type='lvm2'/></source>`
  return pool(args, source, args.path ?? `/dev/${group}`)
}

type Missing = (name: string) => never

function diskSource({ devices, partition_table: table }: PoolArgs, missing: Missing): string {
  const [device, ...more] = devices
  if (device === undefined) return missing('devices')
  if (more.length > 0) throw new ModuleFailure('a pool of type disk is on one disk: devices names several')
  return `<source><device path='${escapeXml(device)}'/><format type='${table}'/></source>`
}

function iscsiSource(args: PoolArgs, missing: Missing): string {
  const host = escapeXml(args.host ?? missing('host'))
  const target = escapeXml(args.target ?? missing('target'))
  if ((args.username === undefined) !== (args.secret === undefined))
    throw new ModuleFailure('username and secret go together')
  const port = args.port === undefined ? '' : ` port='${args.port}'`
  const initiator =
    args.initiator === undefined ? '' : `<initiator><iqn name='${escapeXml(args.initiator)}'/></initiator>`
  const auth =
    args.username === undefined
      ? ''
      : `<auth type='chap' username='${escapeXml(args.username)}'><secret usage='${escapeXml(args.secret ?? '')}'/></auth>`
  return `<source><host name='${host}'${port}/><device path='${target}'/>${initiator}${auth}</source>`
}

function pool(args: PoolArgs, source: string, path: string): Element {
  const name = `<name>${escapeXml(args.name)}</name>`
  const target = `<target><path>${escapeXml(path)}</path></target>`
  return parseDeclared(`<pool type='${args.type}'>${name}${source}${target}</pool>`, 'definition')
}

import { sh } from '../../../core/connection/quote.ts'
import { child, type Element } from '../../../core/libvirt/xml/element.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import type { PoolArgs } from './pool-declaration.ts'
import { allDomains } from './users.ts'

/** Statuses of blkid -p: nothing recognized; several things at once. */
const NOTHING = 2
const AMBIVALENT = 8

/**
 * Whether a pool has to be built before it starts: its folder made, its disks made a volume group, its disk given a partition table.
 * Raises ModuleFailure where a disk holds anything else: libvirt would write over it.
 */
export async function mustBuild(host: Host, args: PoolArgs, definition: Element | undefined): Promise<boolean> {
  const type = definition?.attributes.type
  if (type === 'logical') return mustBuildGroup(host, args, child(definition, 'source', 'name')?.text ?? args.name)
  if (type === 'disk') return mustBuildTable(host, child(definition, 'source', 'device')?.attributes.path ?? '')
  const path = child(definition, 'target', 'path')?.text
  if (path === undefined || (type !== 'dir' && type !== 'netfs')) return false
  return (await host.read(sh`test -d ${path}`)).status !== 0
}

async function mustBuildGroup(host: Host, args: PoolArgs, group: string): Promise<boolean> {
  const answer = await host.read(sh`vgs --noheadings -o vg_name -- ${group} 2>/dev/null`)
  if (answer.status === 0) return false
  if (args.devices.length === 0)
    throw new ModuleFailure(`there is no volume group '${group}'`, { hint: 'give devices to make it of' })
  for (const device of args.devices) {
    const holds = await heldBy(host, device)
    if (holds !== undefined) throw notEmpty(device, holds)
  }
  return true
}

async function mustBuildTable(host: Host, device: string): Promise<boolean> {
  const holds = await heldBy(host, device)
  if (holds === undefined) return true
  if (holds.startsWith('a partition table')) return false
  throw notEmpty(device, holds)
}

const notEmpty = (device: string, holds: string): ModuleFailure =>
  new ModuleFailure(`${device} holds ${holds}, and is not written over`, {
    hint: 'if it is of no use any more: wipefs -a, by hand',
  })

/** What is on a block device; undefined: nothing that anybody knows. Raises ModuleFailure where that cannot be told. */
async function heldBy(host: Host, device: string): Promise<string | undefined> {
  const user = (await allDomains(host.libvirt)).find(({ model }) => model.disks.some((disk) => disk.source === device))
  if (user) return `a disk of '${user.model.name}'`
  const answer = await host.read(sh`[ -b ${device} ] || { echo "it is no block device" >&2; exit 1; }
blkid -p -o export -- ${device}`)
  if (answer.status === NOTHING) return undefined
  if (answer.status === AMBIVALENT) return 'several things at once'
  if (answer.status !== 0)
    throw new ModuleFailure(`what ${device} holds is not known: ${answer.stderr.toString().trim().slice(0, 200)}`)
  return readHeld(answer.stdout.toString())
}

/** blkid's `NAME=value` lines in words; undefined where they tell of nothing. */
export function readHeld(output: string): string | undefined {
  const fields = new Map(
    output.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  const [type, table] = [fields.get('TYPE'), fields.get('PTTYPE')]
  if (type !== undefined) return `a ${type.slice(0, 40)}`
  return table === undefined ? undefined : `a partition table (${table.slice(0, 40)})`
}

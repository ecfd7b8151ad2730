import { dirname } from 'node:path'
import { NO_QEMU_IMG, scanChains, unreadable } from '../../libvirt/images/scan.ts'
import { LibvirtError } from '../../libvirt/types.ts'
import { type DomainModel, readDomain } from '../../libvirt/xml/domain.ts'
import { child, parseXml } from '../../libvirt/xml/element.ts'
import { attempt, FleetError } from '../errors.ts'
import type { Fleet, FoundVm } from '../fleet.ts'
import type { FleetHost } from '../host.ts'
import { isSilent } from '../vms.ts'
import { disksOf, ownReason, type RemovalFacts } from './plan.ts'
import { isShared, type UseFacts, usesOf } from './uses.ts'

/** Looks at a VM that is to be deleted, and with `disks` at everything that may need its disks. Raises FleetError. */
export async function removalFacts(fleet: Fleet, found: FoundVm, disks: boolean): Promise<RemovalFacts> {
  const { host, vm } = found
  const { libvirt } = host
  return attempt(`look at ${vm.name}@${vm.host}`, async () => {
    const [all, condition, config, live, snapshots, checkpoints, job] = await Promise.all([
      libvirt.domains(),
      libvirt.domainState(vm.uuid),
      libvirt.domainXml(vm.uuid, { inactive: true }),
      libvirt.domainXml(vm.uuid),
      libvirt.snapshots(vm.uuid),
      libvirt.checkpoints(vm.uuid),
      libvirt.domainJob(vm.uuid).catch(() => undefined),
    ])
    const summary = all.find((one) => one.uuid === vm.uuid)
    if (!summary || !condition || config === undefined || live === undefined)
      throw new FleetError('unknown', `there is no VM '${vm.name}' on ${vm.host} any more`)
    if (job?.type === 'bounded' || job?.type === 'unbounded')
      throw new FleetError('refused', `VM '${vm.name}' is busy: a migration, a save or a dump goes on`)
    const models = [config, live].map((xml) => readDomain(parseXml(xml)))
    const paths = disksOf(models).flatMap((d) =>
      d.source !== undefined && ownReason(d) === undefined ? [d.source] : [],
    )
    const uses = disks ? usesOf(await useFacts(fleet, found, paths)) : undefined
    return { vm: { ...summary, host: vm.host }, condition, models, snapshots, checkpoints, uses }
  })
}

async function useFacts(fleet: Fleet, { host, vm }: FoundVm, paths: readonly string[]): Promise<UseFacts> {
  if (paths.length === 0) return { paths, seen: [], others: [], host: vm.host, silent: [], closed: [], volumes: [] }
  const [neighbours, pools] = await Promise.all([filesOn(host, (one) => one.uuid !== vm.uuid), poolsOn(host)])
  const folders = [...new Set([...paths.map((path) => dirname(path)), ...pools.folders])]
  const files = [...new Set([...paths, ...neighbours.flatMap((one) => one.files)])]
  const [seen, closed] = await Promise.all([
    scanChains(looking(host), files, folders),
    unreadable(looking(host), folders),
  ])
  const shared = seen?.some((file) => paths.includes(file.path) && isShared(file.fileSystem)) ?? false
  const away = shared ? await elsewhere(fleet, vm.host) : { others: [], silent: [] }
  return {
    paths,
    seen,
    others: [...neighbours, ...away.others],
    host: vm.host,
    silent: away.silent,
    closed,
    volumes: pools.volumes,
  }
}

/** What was seen only in part is not seen. */
const looking =
  (host: FleetHost): Parameters<typeof scanChains>[0] =>
  async (script, options) => {
    const answer = await host.run(script, options)
    if (answer.status === 0 || answer.status === NO_QEMU_IMG) return answer
    throw new FleetError(
      'refused',
      `who needs the disks is not known: ${answer.stderr.toString().trim().slice(0, 300)}`,
    )
  }

/** Files of the VMs on all other hosts, and who did not answer. */
async function elsewhere(fleet: Fleet, host: string): Promise<{ others: UseFacts['others']; silent: string[] }> {
  const answers = await fleet.ask(fleet.names.filter((name) => name !== host))
  const silent = answers.filter(isSilent).map((one) => one.host)
  const asked = answers.flatMap((one) => (isSilent(one) || !one.libvirt ? [] : [one.host]))
  const found = await Promise.all(
    asked.map(async (name) => {
      try {
        return await filesOn(await fleet.host(name), () => true)
      } catch (error) {
        if (!(error instanceof LibvirtError)) throw error
        silent.push(name)
        return []
      }
    }),
  )
  return { others: found.flat(), silent }
}

/** What each VM of a host refers to. */
async function filesOn(host: FleetHost, wanted: (vm: { uuid: string }) => boolean): Promise<UseFacts['others']> {
  const vms = (await host.libvirt.domains()).filter(wanted)
  return Promise.all(
    vms.map(async (vm) => {
      const xmls = await Promise.all([
        host.libvirt.domainXml(vm.uuid, { inactive: true }),
        host.libvirt.domainXml(vm.uuid),
      ])
      const models = xmls.flatMap((xml) => (xml === undefined ? [] : [readDomain(parseXml(xml))]))
      return { vm: vm.name, host: host.name, files: [...new Set(models.flatMap(filesIn))] }
    }),
  )
}

const filesIn = (model: DomainModel): string[] =>
  [...model.disks.map((disk) => disk.source), ...model.bootFiles, model.nvram].filter((path) => path !== undefined)

/** Folders of the host's pools that are active, and the volumes in them. */
async function poolsOn({ libvirt }: FleetHost): Promise<{ folders: string[]; volumes: UseFacts['volumes'] }> {
  const active = (await libvirt.pools()).filter((pool) => pool.active)
  const found = await Promise.all(
    active.map(async ({ name: pool }) => {
      const [xml, volumes] = await Promise.all([libvirt.poolXml(pool), libvirt.volumes(pool)])
      const root = xml === undefined ? undefined : parseXml(xml)
      const folder = child(root, 'target', 'path')?.text
      const files = root !== undefined && ['dir', 'fs', 'netfs'].includes(root.attributes.type ?? '')
      return {
        folders: files && folder ? [folder] : [],
        volumes: volumes.map(({ name, path }) => ({ pool, name, path })),
      }
    }),
  )
  return { folders: found.flatMap((one) => one.folders), volumes: found.flatMap((one) => one.volumes) }
}

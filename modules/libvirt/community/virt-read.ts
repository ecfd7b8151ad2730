import type { JsonObject } from '../../../core/events/json.ts'
import type { LibvirtReader } from '../../../core/libvirt/types.ts'
import type { VirtArgs } from './virt-args.ts'
import { statusOf } from './virt-status.ts'

/** Names of all domains, or of those in a state. */
export async function list(libvirt: LibvirtReader, state: VirtArgs['state']): Promise<string[]> {
  const wanted = state === 'destroyed' ? 'shutdown' : state
  return (await libvirt.domains())
    .filter((one) => wanted === undefined || statusOf(one.state) === wanted)
    .map((one) => one.name)
}

/** Of every domain, by its name: what Ansible's command info tells, in its types. */
export async function information(libvirt: LibvirtReader): Promise<JsonObject> {
  const [domains, stats] = await Promise.all([
    libvirt.domains(),
    libvirt.domainStats({ groups: ['cpu-total', 'balloon', 'vcpu'] }),
  ])
  const values = new Map(stats.map((one) => [one.name, one.values]))
  return Object.fromEntries(
    domains.map(({ name, state, autostart }) => {
      const of = values.get(name) ?? {}
      const info = {
        state: statusOf(state),
        maxMem: of['balloon.maximum'] ?? '0',
        memory: of['balloon.current'] ?? of['balloon.maximum'] ?? '0',
        nrVirtCpu: Number(of['vcpu.current'] ?? 0),
        // libvirt goes on telling the time of a process that is gone.
        cpuTime: statusOf(state) === 'shutdown' ? '0' : (of['cpu.time'] ?? '0'),
        autostart: autostart ? 1 : 0,
      }
      return [name, info]
    }),
  )
}

export async function nodeInformation(libvirt: LibvirtReader): Promise<JsonObject> {
  const info = await libvirt.nodeInfo()
  return {
    cpumodel: info.model,
    phymemory: String(Math.floor(info.memoryKiB / 1024)),
    cpus: String(info.cpus),
    cpumhz: String(info.mhz),
    numanodes: String(info.nodes),
    sockets: String(info.sockets),
    cpucores: String(info.cores),
    cputhreads: String(info.threads),
  }
}

/** Bytes. */
export const freeMemory = (libvirt: LibvirtReader): Promise<number> => libvirt.freeMemory()

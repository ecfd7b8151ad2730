import type { JsonObject } from '../../../core/events/json.ts'
import type { LibvirtReader } from '../../../core/libvirt/types.ts'
import { child, childrenOf, parseXml } from '../../../core/libvirt/xml/element.ts'

/** The host as libvirt sees it: processors, memory in KiB, versions. */
export async function nodeInfo(libvirt: LibvirtReader): Promise<JsonObject> {
  const [info, hostname, available] = await Promise.all([libvirt.nodeInfo(), libvirt.hostname(), libvirt.available()])
  return {
    hostname,
    cpu_model: info.model,
    cpus: info.cpus,
    cpu_mhz: info.mhz,
    sockets: info.sockets,
    cores_per_socket: info.cores,
    threads_per_core: info.threads,
    numa_cells: info.nodes,
    memory_kib: info.memoryKiB,
    ...(available.ok && {
      libvirt_version: available.versions.library,
      hypervisor_version: available.versions.hypervisor ?? null,
    }),
  }
}

/** What of the capabilities people ask for: the host's CPU and security, and what guests there can be. */
export async function capabilitiesInfo(libvirt: LibvirtReader): Promise<JsonObject> {
  const xml = parseXml(await libvirt.capabilities())
  const host = child(xml, 'host')
  const cpu = child(host, 'cpu')
  return {
    host_uuid: child(host, 'uuid')?.text ?? null,
    arch: child(cpu, 'arch')?.text ?? null,
    cpu_model: child(cpu, 'model')?.text ?? null,
    cpu_vendor: child(cpu, 'vendor')?.text ?? null,
    security: childrenOf(host, 'secmodel').map((one) => child(one, 'model')?.text ?? ''),
    migration: childrenOf(child(host, 'migration_features', 'uri_transports'), 'uri_transport').map((one) => one.text),
    guests: childrenOf(xml, 'guest').map((guest) => {
      const arch = child(guest, 'arch')
      return {
        type: child(guest, 'os_type')?.text ?? '',
        arch: arch?.attributes.name ?? '',
        emulator: child(arch, 'emulator')?.text ?? null,
        domain_types: childrenOf(arch, 'domain').map((one) => one.attributes.type ?? ''),
        machines: [...new Set(childrenOf(arch, 'machine').map((one) => one.attributes.canonical ?? one.text))],
      }
    }),
  }
}

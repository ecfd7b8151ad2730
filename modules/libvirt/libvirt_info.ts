import type { JsonObject } from '../../core/events/json.ts'
import { defineState } from '../../core/module/define.ts'
import type { Reader } from '../../core/module/types.ts'
import { type Answer, ask } from './daemon/ask.ts'
import { type InfoArgs, infoArgs, wants } from './info/args.ts'
import { domainsInfo } from './info/domains.ts'
import { capabilitiesInfo, nodeInfo } from './info/node.ts'
import { networksInfo, poolsInfo } from './info/resources.ts'

async function probe(host: Reader, a: InfoArgs): Promise<Answer<JsonObject>> {
  return ask(host, async (libvirt) => {
    const [node, capabilities, domains, networks, pools] = await Promise.all([
      wants(a, 'node') ? nodeInfo(libvirt) : undefined,
      wants(a, 'capabilities') ? capabilitiesInfo(libvirt) : undefined,
      wants(a, 'domains') ? domainsInfo(libvirt, a) : undefined,
      wants(a, 'networks') ? networksInfo(libvirt, a) : undefined,
      wants(a, 'pools') || wants(a, 'volumes') ? poolsInfo(libvirt, a) : undefined,
    ])
    const found: JsonObject = { node, capabilities, domains, networks, pools }
    return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
  })
}

export default defineState({
  name: 'libvirt_info',
  summary:
    'Reads what libvirt on the host has: node, capabilities, domains, networks, pools, volumes. It changes nothing.',
  description: `Without details all of it is one round trip, however many domains there are. A host without libvirt is no failure:
\`available\` is false then.`,
  args: infoArgs,
  touches: 'nothing',
  returns: {
    available: 'Whether libvirt answers.',
    reason: 'Why it does not: not installed, not running …',
    node: 'hostname, cpus, memory_kib, cpu_model, sockets, libvirt_version, hypervisor_version …',
    capabilities: 'host_uuid, arch, cpu_model, security, migration, guests with their domain_types and machines.',
    domains:
      'Of each: name, uuid, state, reason, persistent, autostart, managed_save, memory_kib, max_memory_kib, vcpus, max_vcpus, block, net; with details also type, machine, cpu_mode, nvram, tpm, disks, interfaces.',
    networks:
      'Of each: name, uuid, active, autostart, persistent; with details also bridge, forward, addresses, leases.',
    pools:
      'Of each: name, uuid, active, autostart, persistent; with details also type, path, capacity, allocation, available in bytes; with the subset volumes also volumes (name, path, and with details format, capacity, allocation, backing).',
  },
  examples: `- name: What runs here
  libvirt_info:
    gather_subset: [domains]
  register: found

- name: The disks of two machines, and what is in a pool
  libvirt_info:
    gather_subset: [domains, volumes]
    domains: [web1, web2]
    pools: images
    details: true
`,
  wakes: true,
  local: true,
  probe,
  diff: () => [],
  apply: async () => undefined,
  result: (state): JsonObject =>
    state.kind === 'answer' ? { available: true, ...state.value } : { available: false, reason: state.reason },
  why: () => 'read',
})

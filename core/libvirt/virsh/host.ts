import type { HostReader, LibvirtVersions, Machine } from '../api/host.ts'
import { CODE, LibvirtError } from '../errors.ts'
import type { Asking } from './asking.ts'
import { amount, fields } from './fields.ts'

/** The host and its daemon, by virsh. */
export function virshHost(virsh: Asking): HostReader {
  return {
    available: () => available(Promise.allSettled([virsh.ask(['uri']), virsh.ask(['version'])])),
    capabilities: () => virsh.ask(['capabilities']),
    domainCapabilities: (machine = {}) => virsh.ask(['domcapabilities', ...machineOptions(machine, '--emulatorbin')]),
    async nodeInfo() {
      const all = fields(await virsh.ask(['nodeinfo']))
      return {
        model: all.get('CPU model') ?? '',
        memoryKiB: amount(all.get('Memory size')),
        cpus: amount(all.get('CPU(s)')),
        mhz: amount(all.get('CPU frequency')),
        nodes: amount(all.get('NUMA cell(s)')),
        sockets: amount(all.get('CPU socket(s)')),
        cores: amount(all.get('Core(s) per socket')),
        threads: amount(all.get('Thread(s) per core')),
      }
    },
    freeMemory: async () => 1024 * amount(fields(await virsh.ask(['freecell'])).get('Total')),
    hostname: async () => (await virsh.ask(['hostname'])).trim(),
    async compareCpu(xml, machine = {}) {
      const argv = ['hypervisor-cpu-compare', ...machineOptions(machine, '--emulator'), '--error', '--file']
      try {
        await virsh.ask(argv, xml)
        return { fits: true }
      } catch (error) {
        if (!(error instanceof LibvirtError) || error.code !== CODE.cpuIncompatible) throw error
        return { fits: false, why: error.message.replace(/^Failed to compare.*\n/, '') }
      }
    },
  }
}

function machineOptions({ emulator, arch, machine, virttype }: Machine, emulatorOption: string): string[] {
  return [
    ...(emulator === undefined ? [] : [emulatorOption, emulator]),
    ...(arch === undefined ? [] : ['--arch', arch]),
    ...(machine === undefined ? [] : ['--machine', machine]),
    ...(virttype === undefined ? [] : ['--virttype', virttype]),
  ]
}

/**
 * Tells why no daemon answers: `not installed`, `not running`, `permission denied`, or the error's text. A daemon without
 * an emulator answers, and has no versions to tell.
 */
async function available(
  answers: Promise<[PromiseSettledResult<string>, PromiseSettledResult<string>]>,
): Promise<{ ok: true; versions: LibvirtVersions } | { ok: false; reason: string }> {
  const [uri, version] = await answers
  if (uri.status === 'rejected') {
    if (!(uri.reason instanceof LibvirtError)) throw uri.reason
    return { ok: false, reason: reasonOf(uri.reason.message) }
  }
  const text = version.status === 'fulfilled' ? version.value : ''
  const library = /Using library: libvirt (\S+)/.exec(text)?.[1] ?? ''
  return { ok: true, versions: { library, hypervisor: /Running hypervisor: \S+ (\S+)/.exec(text)?.[1] } }
}

function reasonOf(text: string): string {
  if (text.includes('virsh is not installed')) return 'not installed'
  if (/no connection driver available|not built in|driver .* is not available/.test(text)) return 'not installed'
  if (/No such file or directory|Connection refused/.test(text) && /socket/.test(text)) return 'not running'
  if (/Permission denied|authentication (?:unavailable|failed|cancelled)/.test(text)) return 'permission denied'
  return text
}

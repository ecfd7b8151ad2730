import type { HostReader } from '../../api/host.ts'
import { CODE, LibvirtError, LibvirtUnavailable } from '../../errors.ts'
import { connect } from '../protocol/procedures.ts'
import type { Rpc } from './rpc.ts'

/** VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE: the error says what is missing. */
const EXPLAIN = 1
const INCOMPATIBLE = 0
/** VIR_FROM_CPU. */
const FROM_CPU = 31

/** The host and its daemon, over RPC. */
export function rpcHost(rpc: Rpc): HostReader {
  return {
    async available() {
      try {
        const [library, hypervisor] = await rpc.read((session) =>
          Promise.all([session.libraryVersion(), session.call(connect.version, undefined).catch(noHypervisor)]),
        )
        const version = Number(hypervisor.version)
        return {
          ok: true,
          versions: { library: versionText(library), hypervisor: version === 0 ? undefined : versionText(version) },
        }
      } catch (error) {
        if (error instanceof LibvirtUnavailable && WORDS.has(error.reason)) return { ok: false, reason: error.reason }
        if (error instanceof LibvirtError) return { ok: false, reason: error.message }
        throw error
      }
    },
    capabilities: () => rpc.read(async (session) => (await session.call(connect.capabilities, undefined)).xml),
    domainCapabilities: ({ emulator, arch, machine, virttype } = {}) =>
      rpc.read(async (session) => {
        const args = { emulator, arch, machine, virttype, flags: 0 }
        return (await session.call(connect.domainCapabilities, args)).xml
      }),
    nodeInfo: () =>
      rpc.read(async (session) => {
        const { memory, ...info } = await session.call(connect.nodeInfo, undefined)
        return { ...info, memoryKiB: Number(memory) }
      }),
    freeMemory: () => rpc.read(async (session) => Number((await session.call(connect.freeMemory, undefined)).bytes)),
    hostname: () => rpc.read(async (session) => (await session.call(connect.hostname, undefined)).name),
    compareCpu: (xml, { emulator, arch, machine, virttype } = {}) =>
      rpc.read(async (session) => {
        try {
          const args = { emulator, arch, machine, virttype, xml, flags: EXPLAIN }
          const { result } = await session.call(connect.compareCpu, args)
          return result === INCOMPATIBLE ? { fits: false, why: 'the CPU is incompatible' } : { fits: true }
        } catch (error) {
          if (!(error instanceof LibvirtError) || !speaksOfCpu(error)) throw error
          return { fits: false, why: error.message }
        }
      }),
  }
}

/** The host lacks a feature; or its libvirt is older than the feature or model, and says so by an internal error of its CPU part. */
function speaksOfCpu({ code, domain }: LibvirtError): boolean {
  return code === CODE.cpuIncompatible || (code === CODE.internal && domain === FROM_CPU)
}

/** A daemon without an emulator answers, and has none to tell the version of. */
function noHypervisor(error: unknown): { version: bigint } {
  if (error instanceof LibvirtError && error.code !== undefined) return { version: 0n }
  throw error
}

const WORDS: ReadonlySet<string> = new Set(['not installed', 'not running', 'permission denied'])

/** 9.0.0 for 9000000, which is how libvirt counts. */
const versionText = (version: number): string =>
  `${Math.floor(version / 1_000_000)}.${Math.floor(version / 1000) % 1000}.${version % 1000}`

import { sh } from '../../../core/connection/quote.ts'
import { CODE } from '../../../core/libvirt/errors.ts'
import { fleetMac } from '../../../core/libvirt/identity/mac.ts'
import { fleetUuid } from '../../../core/libvirt/identity/uuid.ts'
import { type DomainSummary, LibvirtError } from '../../../core/libvirt/types.ts'
import type { Element } from '../../../core/libvirt/xml/element.ts'
import { parseSize } from '../../../core/libvirt/xml/units.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { type Answer, ask } from '../daemon/ask.ts'
import { readWhole, renderDomain } from '../domain/declaration.ts'
import type { InstallArgs } from './args.ts'
import { MARK, type Stage, stageOf } from './definition.ts'

export interface InstallState {
  readonly check: boolean
  readonly answer: Answer<InstallHost>
  /** Files of the task that the host lacks. */
  readonly missing: readonly string[]
  readonly diskExists: boolean
}

export interface InstallHost {
  readonly domain: DomainSummary | undefined
  /** How far an installation is; undefined where none goes on. */
  readonly stage: Stage | undefined
  readonly sameUuid: DomainSummary | undefined
  /** The machine as it is to be, once installed. */
  readonly definition: Element
}

export const diskOf = (a: InstallArgs): string => a.disk ?? `/var/lib/libvirt/images/${a.name}.qcow2`

/** One round trip. */
export async function probeInstall(host: Reader, a: InstallArgs): Promise<InstallState> {
  const uuid = fleetUuid(a.fleet, 'domain', a.name)
  const files = [a.iso, ...(a.tree === undefined ? [a.kernel, a.initrd] : [])].filter((path) => path !== undefined)
  const [answer, seen] = await Promise.all([
    ask(host, async (libvirt) => {
      const [domains, metadata, capabilities] = await Promise.all([
        libvirt.domains(),
        libvirt.domainMetadata(a.name, MARK.uri, { inactive: true }).catch(noDomain),
        libvirt.capabilities(),
      ])
      const kvm = /<domain type=['"]kvm['"]/.test(capabilities)
      return {
        domain: domains.find((one) => one.name === a.name),
        stage: stageOf(metadata),
        sameUuid: domains.find((one) => one.uuid === uuid),
        definition: await definitionOf(host, a, kvm ? 'kvm' : 'tcg'),
      }
    }),
    host.read(sh`for f in ${[diskOf(a), ...files]}; do if [ -e "$f" ]; then echo y; else echo n; fi; done`),
  ])
  const letters = seen.stdout.toString().split('\n')
  return {
    check: host.check,
    answer,
    missing: files.filter((_, i) => letters[i + 1] !== 'y'),
    diskExists: letters[0] === 'y',
  }
}

/** Only that there is no such domain means that nothing is known of it. */
function noDomain(error: unknown): undefined {
  if (error instanceof LibvirtError && error.code === CODE.noDomain) return undefined
  throw error
}

async function definitionOf(host: Reader, a: InstallArgs, acceleration: 'kvm' | 'tcg'): Promise<Element> {
  const memory = parseSize(a.memory)
  if (memory === undefined) throw new ModuleFailure(`memory '${a.memory}' is not a size`, { hint: 'such as 2GiB' })
  const link = a.bridge === undefined ? { network: a.network } : { bridge: a.bridge }
  const source = await renderDomain(host, a.template, {
    acceleration,
    memory_mib: Number(memory / (1024n * 1024n)),
    vcpus: a.vcpus,
    disks: [{ source: diskOf(a), format: 'qcow2' }],
    interfaces: [{ mac: fleetMac(a.fleet, a.name, 0), ...link }],
    ...a.variables,
    uuid: fleetUuid(a.fleet, 'domain', a.name),
    name: a.name,
  })
  return readWhole(source, a.template, a.name)
}

import type { JsonObject } from '../../../core/events/json.ts'
import type { DomainState, DomainSummary, Libvirt, LibvirtReader } from '../../../core/libvirt/types.ts'
import { formatXml, parseXml } from '../../../core/libvirt/xml/element.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import { type Deed, required } from './deed.ts'
import { declaredXml, withIdentity, wouldChange } from './definition.ts'
import type { VirtArgs } from './virt-args.ts'
import { undefineFlags } from './virt-flags.ts'
import { freeMemory, information, list, nodeInformation } from './virt-read.ts'
import { statusOf } from './virt-status.ts'

export async function planVirt(libvirt: LibvirtReader, a: VirtArgs): Promise<Deed> {
  if (a.command === 'list_vms') return { answer: { list_vms: await list(libvirt, a.state) } }
  if (a.command === 'nodeinfo') return { answer: await nodeInformation(libvirt) }
  if (a.command === 'freemem') return { answer: { freemem: await freeMemory(libvirt) } }
  if (a.command === 'virttype') return { answer: { virttype: 'QEMU' } }
  if (a.command === 'info') return { answer: await information(libvirt) }
  if (a.command === 'define') return define(libvirt, a)
  const name = required(a.name, a.command ?? 'state')
  const found = (await libvirt.domains()).find((one) => one.name === name)
  if (!found) throw new ModuleFailure(`virtual machine ${name} not found`)
  if (a.command === undefined) return states(found, a)
  if (a.command === 'status') return { answer: { status: statusOf(found.state) } }
  if (a.command === 'uuid') return { answer: { uuid: found.uuid } }
  if (a.command === 'get_xml') return { answer: { get_xml: (await libvirt.domainXml(name)) ?? '' } }
  if (a.command === 'undefine') return undefine(libvirt, a, found)
  const action = commandAction(found, a.command)
  return { answer: { [a.command]: 0 }, act: action && doing(a.command, name, action) }
}

type Action = (libvirt: Libvirt) => Promise<void>

/** Runs actions one after the other; libvirt's refusal is the task's failure. */
const doing =
  (what: string, name: string, ...actions: readonly Action[]): NonNullable<Deed['act']> =>
  async ({ libvirt }) => {
    for (const action of actions) await attempt(`${what} '${name}'`, () => action(libvirt))
    return undefined
  }

const OFF: readonly DomainState[] = ['shut off', 'crashed', 'no state']

function commandAction(found: DomainSummary, command: NonNullable<VirtArgs['command']>): Action | undefined {
  const wanted = {
    create: 'running',
    start: 'running',
    unpause: 'running',
    pause: 'paused',
    destroy: 'destroyed',
    shutdown: 'shutdown',
    stop: 'shutdown',
  } as const
  const state = Object.hasOwn(wanted, command) ? wanted[command as keyof typeof wanted] : undefined
  return state && stateAction(found, state)
}

/** What brings a domain into a state; undefined where it is in it. */
function stateAction({ name, uuid, state }: DomainSummary, wanted: NonNullable<VirtArgs['state']>): Action | undefined {
  const off = OFF.includes(state)
  if (wanted === 'running') {
    if (off) return (libvirt) => libvirt.startDomain(uuid)
    if (state === 'paused') return (libvirt) => libvirt.resumeDomain(uuid)
    return state === 'pmsuspended' ? (libvirt) => libvirt.wakeDomain(uuid) : undefined
  }
  if (wanted === 'paused') {
    if (off) throw new ModuleFailure(`virtual machine ${name} does not run, and cannot be paused`)
    return state === 'paused' ? undefined : (libvirt) => libvirt.suspendDomain(uuid)
  }
  if (off) return undefined
  return wanted === 'destroyed' ? (libvirt) => libvirt.destroyDomain(uuid) : (libvirt) => libvirt.shutdownDomain(uuid)
}

function states(found: DomainSummary, a: VirtArgs): Deed {
  const state = a.state === undefined ? undefined : stateAction(found, a.state)
  const autostart = autostartAction(found, a)
  const actions = [state, autostart].filter((action) => action !== undefined)
  if (actions.length === 0) return { answer: {} }
  return { answer: state ? { msg: 0 } : {}, act: doing(a.state ?? 'autostart', found.name, ...actions) }
}

function autostartAction(found: { name: string; autostart: boolean }, a: VirtArgs): Action | undefined {
  const { autostart } = a
  if (autostart === undefined || autostart === found.autostart) return undefined
  return (libvirt) => libvirt.setAutostart('domain', found.name, autostart)
}

async function define(libvirt: LibvirtReader, a: VirtArgs): Promise<Deed> {
  const { xml, name } = declaredXml(a.xml, 'domain', a.name)
  const [domains, text] = await Promise.all([
    libvirt.domains(),
    libvirt.domainXml(name, { inactive: true, secure: true }),
  ])
  const found = domains.find((one) => one.name === name)
  const actual = text === undefined ? undefined : parseXml(text)
  const differs = !actual || wouldChange(xml, actual)
  const autostart = autostartAction({ name, autostart: found?.autostart ?? false }, a)
  const actions: Action[] = []
  if (differs) actions.push((writer) => writer.defineDomain(formatXml(withIdentity(xml, actual))))
  if (autostart) actions.push(autostart)
  const answer: JsonObject = found ? (autostart && !differs ? { change_reason: 'autostart' } : {}) : { created: name }
  return { answer, act: actions.length > 0 ? doing('define', name, ...actions) : undefined }
}

async function undefine(libvirt: LibvirtReader, a: VirtArgs, found: DomainSummary): Promise<Deed> {
  if (!OFF.includes(found.state))
    throw new ModuleFailure(`virtual machine ${found.name} is ${found.state}: undefined, it would be gone at its end`, {
      hint: 'state: destroyed, or state: shutdown, first',
    })
  const flags = await undefineFlags(libvirt, a, found)
  return {
    answer: { undefine: 0 },
    act: doing('undefine', found.name, (writer) => writer.undefineDomain(found.uuid, flags)),
  }
}

import { adapted } from './adapt.ts'
import { canonical, declaredOnly } from './canonical.ts'
import { covers, diffXml } from './diff.ts'
import { child, childrenOf, type Element } from './element.ts'
import { sameMachine } from './machine.ts'
import { pairChildren } from './matching.ts'
import { obsoleteAttributes, obsoleteChildren } from './obsolete.ts'
import { inOrder } from './order.ts'
import type { MachineAliases } from './rules/types.ts'

/**
 * The definition that has all of `declared` and keeps what else is in `actual`: devices attached by others, generated
 * addresses, the UUID. What a changed value makes meaningless (the address of a disk that moves to another bus, the source
 * of an interface that changes its type) goes.
 */
export function mergeXml(declared: Element, actual: Element, machines?: MachineAliases): Element {
  const there = canonical(actual)
  const machine = withMachine(canonical(declaredOnly(declared)), there, machines)
  const meant = sameMemory(declared, actual, machines) ? withMemory(machine, there) : machine
  return inOrder(merge(meant, adapted(meant, there)))
}

function merge(declared: Element, actual: Element): Element {
  const stale = obsoleteAttributes(declared, actual)
  const rest = Object.entries(actual.attributes).filter(([name]) => !stale.has(name))
  const pairs = pairChildren(declared, actual, (d, a) => covers(d, a, declared.name))
  const byActual = new Map(pairs.map((pair) => [pair.actual, pair.declared]))
  const gone = obsoleteChildren(declared, actual)
  const kept = actual.children.flatMap((c) => {
    const wanted = byActual.get(c)
    if (wanted) return gone.has(c.name) ? [wanted] : [merge(wanted, c)]
    return gone.has(c.name) ? [] : [c]
  })
  const added = pairs.filter((pair) => !pair.actual).map((pair) => pair.declared)
  const children = serialConsoleFirst([...kept, ...added])
  const text = children.length > 0 ? '' : declared.text === '' ? actual.text : declared.text
  return { ...actual, attributes: { ...Object.fromEntries(rest), ...declared.attributes }, text, children }
}

/** An alias is the version that the domain has already. */
function withMachine(declared: Element, actual: Element, machines?: MachineAliases): Element {
  const [wanted, is] = [declared, actual].map((domain) => child(domain, 'os', 'type')?.attributes.machine)
  if (wanted === undefined || is === undefined || !sameMachine(wanted, is, machines)) return declared
  const change = (e: Element, names: readonly string[]): Element => {
    const [name, ...rest] = names
    if (name === undefined) return { ...e, attributes: { ...e.attributes, machine: is } }
    return { ...e, children: e.children.map((c) => (c.name === name ? change(c, rest) : c)) }
  }
  return change(declared, ['os', 'type'])
}

/** With NUMA cells and memory devices, what is written as memory is not what is meant. */
function sameMemory(declared: Element, actual: Element, machines?: MachineAliases): boolean {
  const special =
    childrenOf(child(actual, 'devices'), 'memory').length > 0 || child(actual, 'cpu', 'numa') !== undefined
  return special && !diffXml(declared, actual, machines).some((d) => d.path === 'memory')
}

function withMemory(declared: Element, actual: Element): Element {
  const memory = child(actual, 'memory')
  return memory ? { ...declared, children: declared.children.map((c) => (c.name === 'memory' ? memory : c)) } : declared
}

/** libvirt takes only the first console for one on a serial port. */
function serialConsoleFirst(children: readonly Element[]): readonly Element[] {
  const consoles = children.filter((c) => c.name === 'console')
  if (consoles.length < 2) return children
  const serial = (c: Element): boolean => (child(c, 'target')?.attributes.type ?? 'serial') === 'serial'
  const sorted = [...consoles.filter(serial), ...consoles.filter((c) => !serial(c))]
  return children.map((c) => (c.name === 'console' ? (sorted.shift() ?? c) : c))
}

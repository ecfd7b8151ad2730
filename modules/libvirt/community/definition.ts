import { diffXml } from '../../../core/libvirt/xml/diff.ts'
import { child, childrenOf, type Element } from '../../../core/libvirt/xml/element.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import { parseDeclared } from '../daemon/changes.ts'

/** A whole definition, as the argument xml has it, and its name. Raises ModuleFailure. */
export function declaredXml(
  xml: string | undefined,
  element: string,
  name: string | undefined,
): { xml: Element; name: string } {
  if (xml === undefined) throw new ModuleFailure(`define needs the argument xml`)
  const parsed = parseDeclared(xml, 'xml')
  if (parsed.name !== element) throw new ModuleFailure(`the xml is a <${parsed.name}>, not a <${element}>`)
  const own = child(parsed, 'name')?.text
  if (own === undefined || own === '') throw new ModuleFailure('the xml has no <name>')
  if (name !== undefined && name !== own) throw new ModuleFailure(`the xml is of '${own}', the task of '${name}'`)
  return { xml: parsed, name: own }
}

const COUNTED = ['disk', 'interface', 'hostdev', 'filesystem', 'redirdev']

/** Whether a whole definition would change the one that is there: by meaning, and by the number of its devices. */
export function wouldChange(declared: Element, actual: Element): boolean {
  if (diffXml(declared, actual).length > 0) return true
  const [wanted, found] = [child(declared, 'devices'), child(actual, 'devices')]
  return (
    wanted !== undefined && COUNTED.some((name) => childrenOf(wanted, name).length !== childrenOf(found, name).length)
  )
}

/** The definition with the UUID, and the MACs by position, of the one that is there, where it has none: else it were another machine. */
export function withIdentity(declared: Element, actual: Element | undefined): Element {
  if (!actual) return declared
  const uuid = child(actual, 'uuid')
  const parts = declared.children.filter(({ name, text }) => name !== 'uuid' || text !== '')
  const macs = childrenOf(child(actual, 'devices'), 'interface').map((one) => child(one, 'mac'))
  let nic = 0
  const device = (one: Element): Element => {
    if (one.name !== 'interface') return one
    const mac = macs[nic++]
    return child(one, 'mac') || !mac ? one : { ...one, text: '', children: [mac, ...one.children] }
  }
  const children = parts.map((one) => (one.name === 'devices' ? { ...one, children: one.children.map(device) } : one))
  const missing = uuid && !parts.some(({ name }) => name === 'uuid') ? [uuid] : []
  return { ...declared, children: [...missing, ...children] }
}

import type { MachineAliases } from '../../../core/libvirt/xml/canonical.ts'
import { childrenOf, type Element, parseXml } from '../../../core/libvirt/xml/element.ts'

/** Machine aliases from capabilities: `q35` is `pc-q35-7.2` on this host. */
export function machineAliases(capabilities: string): MachineAliases {
  const aliases = new Map<string, string>()
  const walk = (element: Element): void => {
    for (const machine of childrenOf(element, 'machine')) {
      const canonical = machine.attributes.canonical
      if (canonical !== undefined) aliases.set(machine.text, canonical)
    }
    for (const inner of element.children)
      if (inner.name === 'guest' || inner.name === 'arch' || inner.name === 'domain') walk(inner)
  }
  walk(parseXml(capabilities))
  return aliases
}

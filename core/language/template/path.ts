import { repr } from '../python/text.ts'
import type { Expression } from './tree.ts'

/** An expression as its author would name it in a sentence: `hv.address`, `hostvars['kvm1'].disks[0]`. */
export function pathOf(node: Expression): string {
  switch (node.kind) {
    case 'name':
      return node.name
    case 'attribute':
      return `${pathOf(node.target)}.${node.name}`
    case 'item':
      return `${pathOf(node.target)}[${pathOf(node.index)}]`
    case 'constant':
      return repr(node.value)
    case 'call':
      return `${pathOf(node.target)}(…)`
    case 'filter':
      return `${pathOf(node.target)} | ${node.name}`
    case 'slice':
      return `${pathOf(node.target)}[…]`
    case 'binary':
      return `${pathOf(node.left)} ${node.operator} ${pathOf(node.right)}`
    default:
      return '…'
  }
}

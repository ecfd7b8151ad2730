import { type Difference, diffXml } from '../../../core/libvirt/xml/diff.ts'
import { type Element, formatXml } from '../../../core/libvirt/xml/element.ts'
import { mergeXml } from '../../../core/libvirt/xml/merge.ts'
import type { NetworkArgs } from './declaration.ts'
import { type Entry, entriesOf } from './entries.ts'
import { unwantedEntries } from './unwanted.ts'

/** One `net-update`: what libvirt can change while the network runs. */
export interface LiveUpdate {
  readonly command: 'add-last' | 'modify' | 'delete'
  readonly section: string
  readonly xml: string
  /** Which of several `<ip>` elements. */
  readonly parentIndex: number
}

/** What of a network that runs is not as declared, and how it goes. */
export interface LivePlan {
  readonly differences: readonly Difference[]
  readonly unwanted: readonly Entry[]
  /** Differences that only a restart makes good. */
  readonly restart: readonly Difference[]
  /** In this order: what is to go makes room first. */
  readonly updates: readonly LiveUpdate[]
}

export function livePlan(declared: Element, live: Element, args: NetworkArgs): LivePlan {
  const differences = diffXml(declared, live)
  const unwanted = unwantedEntries(live, declared, args)
  const [wanted, there] = [entriesOf(declared), entriesOf(live)]
  const entriesIn = (difference: Difference): readonly Entry[] => {
    const { path } = difference
    const entry = wanted.find((one) => path === one.path || path.startsWith(`${one.path}.`))
    if (entry) return [entry]
    return isListOfEntries(difference) ? wanted.filter((one) => one.path.startsWith(`${path}.`)) : []
  }
  const changed = new Set(differences.flatMap(entriesIn))
  const removed = unwanted.map((entry) => update('delete', entry))
  const made = [...changed].flatMap((entry): LiveUpdate[] => {
    const old = there.find((one) => one.path === entry.path)
    const parentIndex = old?.parentIndex ?? parentOf(entry, live)
    if (!old) return [{ ...update('add-last', entry), parentIndex }]
    const element = mergeXml(entry.element, old.element)
    if (entry.modifiable) return [{ ...update('modify', { ...entry, element }), parentIndex }]
    return [update('delete', old), { ...update('add-last', { ...entry, element }), parentIndex }]
  })
  return {
    differences,
    unwanted,
    restart: differences.filter((difference) => entriesIn(difference).length === 0),
    updates: [...removed, ...made],
  }
}

/** `<dns>` or `<dhcp>` that is not there at all, and holds nothing but entries. */
const isListOfEntries = ({ actual, declared }: Difference): boolean =>
  actual === undefined &&
  ['dns', 'dhcp'].includes(declared.name) &&
  Object.keys(declared.attributes).length === 0 &&
  declared.children.every(({ name }) => ['host', 'srv', 'txt', 'range'].includes(name))

const update = (command: LiveUpdate['command'], { section, element, parentIndex }: Entry): LiveUpdate => ({
  command,
  section,
  xml: formatXml(element),
  parentIndex,
})

/** The `<ip>` of the running network that has the address of the declared one. */
function parentOf(entry: Entry, live: Element): number {
  const address = /^ip\[([^\]]*)\]/.exec(entry.path)?.[1]
  const index = live.children
    .filter((one) => one.name === 'ip')
    .findIndex((ip) => ip.attributes.address?.toLowerCase() === address)
  return Math.max(index, 0)
}

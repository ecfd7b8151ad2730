import { child, type Element } from './element.ts'

const attributeOf = (element: Element, name: string, attribute: string): string | undefined =>
  child(element, name)?.attributes[attribute]

const differs = (wanted: string | undefined, is: string | undefined): boolean => wanted !== undefined && wanted !== is

/** Where a source leads: one of them. */
const PLACES = ['file', 'dev', 'dir', 'volume', 'network', 'bridge']
const PLACES_AND_MORE = [...PLACES, 'pool', 'portgroup', 'index', 'startupPolicy']

/** Names of attributes of an element that a change of it makes meaningless. */
export function obsoleteAttributes(declared: Element, actual: Element): Set<string> {
  const changes = (attribute: string): boolean => differs(declared.attributes[attribute], actual.attributes[attribute])
  const all = new Set(Object.keys(actual.attributes))
  switch (declared.name) {
    case 'vcpu':
      return new Set(differs(declared.text || undefined, actual.text) ? ['current'] : [])
    case 'model':
    case 'listen':
      return changes('type') ? all : new Set()
    case 'source':
      return PLACES.some(changes) ? new Set(PLACES_AND_MORE) : new Set()
    case 'graphics':
      return new Set(declared.attributes.autoport === 'yes' ? ['port', 'tlsPort'] : changes('port') ? ['autoport'] : [])
    case 'cpu':
      return changes('mode') ? new Set(['match', 'check', 'migratable']) : new Set()
    case 'os':
      return child(declared, 'loader') && !child(actual, 'loader') ? new Set(['firmware']) : new Set()
    default:
      return new Set()
  }
}

/** Names of children of an element that a change of it makes meaningless. */
export function obsoleteChildren(declared: Element, actual: Element): Set<string> {
  const gone = new Set<string>()
  const drop = (...names: string[]): void => {
    for (const name of names) gone.add(name)
  }
  const changes = (attribute: string): boolean => differs(declared.attributes[attribute], actual.attributes[attribute])
  const nested = (name: string, attribute: string): boolean =>
    differs(attributeOf(declared, name, attribute), attributeOf(actual, name, attribute))
  const textual = (name: string): boolean => differs(child(declared, name)?.text, child(actual, name)?.text)
  if (changes('type') && declared.name !== 'domain' && declared.name !== 'graphics') drop('source', 'protocol')
  if (changes('model')) drop('address')
  if (declared.name === 'controller' && changes('model')) drop('model', 'target')
  if (declared.name === 'memballoon' && declared.attributes.model === 'none') drop('address', 'stats', 'driver')
  if (nested('target', 'bus') || nested('model', 'type')) drop('address')
  if (declared.name === 'disk' && PLACES.some((place) => nested('source', place))) drop('backingStore')
  if (declared.name === 'cpu' && changes('mode')) drop('model', 'vendor', 'feature')
  if (declared.name === 'os' && declared.attributes.firmware !== undefined && changes('firmware'))
    drop('loader', 'nvram')
  if (declared.name === 'os' && child(declared, 'loader') && textual('loader')) drop('nvram', 'firmware')
  if (declared.name === 'domain') {
    if (textual('memory') && !child(declared, 'currentMemory')) drop('currentMemory')
    if (textual('iothreads') && !child(declared, 'iothreadids')) drop('iothreadids')
    if (textual('vcpu') && !child(declared, 'vcpus')) drop('vcpus')
  }
  return gone
}

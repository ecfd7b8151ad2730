import { PythonError } from '../python/index.ts'

/** Collections whose functions are known here without their names in front: `ansible.utils.ipaddr` is `ipaddr`. */
const collections = [
  'ansible.builtin.',
  'ansible.legacy.',
  'ansible.utils.',
  'ansible.netcommon.',
  'community.general.',
]

/** The function under a name, with or without the name of its collection. */
export function functionNamed<T>(registry: ReadonlyMap<string, T>, kind: 'filter' | 'test', name: string): T {
  const prefix = collections.find((c) => name.startsWith(c)) ?? ''
  const found = registry.get(name) ?? registry.get(name.slice(prefix.length))
  if (!found) throw new PythonError('FilterError', `there is no ${kind} '${name}'`)
  return found
}

/** The functions by name; those with the names of their collections too. */
export function withCollections<T>(functions: Iterable<[string, T]>): ReadonlyMap<string, T> {
  const own = new Map(functions)
  const all = new Map(own)
  for (const prefix of collections) for (const [name, f] of own) all.set(prefix + name, f)
  return all
}

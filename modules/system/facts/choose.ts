import { ModuleFailure } from '../../../core/module/types.ts'

/** Parts in which facts are read. */
export const SUBSETS = ['min', 'hardware', 'network', 'virtual'] as const
export type SubsetName = (typeof SUBSETS)[number]

/** Names of Ansible's finer subsets, by the one of ours that holds them. */
const FINER: Readonly<Record<string, SubsetName>> = {
  distribution: 'min',
  platform: 'min',
  date_time: 'min',
  dns: 'min',
  user: 'min',
  cmdline: 'min',
  pkg_mgr: 'min',
  service_mgr: 'min',
  selinux: 'min',
  apparmor: 'min',
  env: 'min',
  ssh_pub_keys: 'min',
  lsb: 'min',
  python: 'min',
  fips: 'min',
  caps: 'min',
  local: 'min',
  interfaces: 'network',
  default_ipv4: 'network',
  processor: 'hardware',
  memory: 'hardware',
  mounts: 'hardware',
  devices: 'hardware',
  facter: 'min',
  ohai: 'min',
}

const isSubset = (name: string): name is SubsetName => (SUBSETS as readonly string[]).includes(name)

/**
 * Which subsets a gather_subset list asks for, as Ansible reads it: `min` is there unless `!min` is; what is named outweighs `!all`
 * and its own `!`; a list of nothing but `!` adds nothing to `min`. What takes a finer one out takes none of ours.
 */
export function chooseSubsets(list: readonly string[]): SubsetName[] {
  const chosen = new Set<SubsetName>(['min'])
  const named = new Set<SubsetName>()
  const dropped = new Set<SubsetName>()
  const add = (names: readonly SubsetName[], to: Set<SubsetName>): void => {
    for (const name of names) to.add(name)
  }
  for (const word of list) {
    const negative = word.startsWith('!')
    const name = negative ? word.slice(1) : word
    if (name === 'all') add(negative ? SUBSETS.filter((one) => one !== 'min') : SUBSETS, negative ? dropped : chosen)
    else if (isSubset(name)) {
      add([name], negative ? dropped : chosen)
      if (!negative && name !== 'min') named.add(name)
    } else {
      const holder = FINER[name]
      if (holder === undefined) {
        throw new ModuleFailure(`unknown subset '${name}'`, {
          hint: `use all, ${SUBSETS.join(', ')}, or one of them with ! in front`,
        })
      }
      if (!negative) {
        chosen.add(holder)
        named.add(holder)
      }
    }
  }
  return SUBSETS.filter((one) => chosen.has(one) && (named.has(one) || !dropped.has(one)))
}

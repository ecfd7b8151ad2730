import { dirname } from 'node:path'
import type { Value, Variables } from '../../language/values.ts'
import type { Play, Role, Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Run } from '../run-state.ts'
import { roleChain } from './layers.ts'
import type { Layer } from './scope.ts'

/** What magic variables are about; without a play for `hostvars`. */
export interface MagicSources {
  readonly run: Run
  readonly host: string
  readonly play?: Play | undefined
  readonly batch?: Batch | undefined
  readonly role?: Role | undefined
  readonly environment?: readonly Value[] | undefined
  readonly check: boolean
  readonly diff: boolean
  readonly hostvars: Value
}

type Magic = (from: MagicSources) => Value | undefined

const list = (names: readonly string[] | undefined): Value | undefined => names && [...names]

const MAGIC: ReadonlyMap<string, Magic> = new Map<string, Magic>([
  ['inventory_hostname', (m) => m.host],
  ['inventory_hostname_short', (m) => m.host.split('.')[0]!],
  ['group_names', (m) => m.run.inventory.groupNames(m.host)],
  ['groups', (m) => m.run.inventory.groups()],
  ['hostvars', (m) => m.hostvars],
  ['play_hosts', (m) => list(m.batch?.playHostsLeft())],
  ['ansible_play_hosts', (m) => list(m.batch?.playHostsLeft())],
  ['ansible_play_hosts_all', (m) => list(m.batch?.allHosts)],
  ['ansible_play_batch', (m) => list(m.batch?.hosts)],
  ['ansible_play_name', (m) => m.play?.name],
  ['ansible_play_role_names', (m) => m.play?.roles.map((r) => r.name)],
  ['role_names', (m) => m.play?.roles.map((r) => r.name)],
  ['ansible_role_names', (m) => m.play?.roles.map((r) => r.name)],
  ['ansible_role_name', (m) => m.role?.name],
  ['role_name', (m) => m.role?.name],
  ['role_path', (m) => m.role?.folder],
  ['ansible_parent_role_names', (m) => (m.role?.parent ? roleChain(m.role.parent).map((r) => r.name) : undefined)],
  ['playbook_dir', (m) => m.play?.folder],
  ['inventory_dir', (m) => m.run.request.inventorySource?.folder],
  ['inventory_file', (m) => m.run.request.inventorySource?.file],
  ['omit', (m) => m.run.omit],
  ['ansible_check_mode', (m) => m.check],
  ['ansible_diff_mode', (m) => m.diff],
  ['ansible_forks', (m) => m.run.forks],
  ['ansible_verbosity', (m) => m.run.request.verbosity ?? 0],
  ['ansible_version', (m) => version(m.run.request.version ?? '0.0.0')],
  ['ansible_run_tags', (m) => [...(m.run.request.tags ?? ['all'])]],
  ['ansible_skip_tags', (m) => [...(m.run.request.skipTags ?? [])]],
  ['ansible_limit', (m) => (m.run.request.limit === undefined ? undefined : [m.run.request.limit].flat().join(','))],
  [
    'unreachable_hosts',
    (m) =>
      m.run.hosts
        .all()
        .filter((h) => h.unreachable)
        .map((h) => h.name),
  ],
  ['environment', (m) => m.environment && [...m.environment]],
])

const NAMES = [...MAGIC.keys()]

/** Ansible's version dict, with our numbers and under our name. */
function version(full: string): Variables {
  const [major = 0, minor = 0, revision = 0] = full.split('.').map((part) => Number.parseInt(part, 10) || 0)
  return new Map<string, Value>([
    ['full', full],
    ['string', full],
    ['major', major],
    ['minor', minor],
    ['revision', revision],
  ])
}

/** Variables that the engine itself gives; made when they are read. */
export class MagicVariables implements Layer {
  readonly #from: MagicSources

  constructor(from: MagicSources) {
    this.#from = from
  }

  get(name: string): Value | undefined {
    return MAGIC.get(name)?.(this.#from)
  }

  *keys(): Iterable<string> {
    for (const name of NAMES) if (this.get(name) !== undefined) yield name
  }
}

type InFile = Pick<Task, 'role' | 'at'>

const folders = new WeakMap<InFile, { readonly play: Play | undefined; readonly folders: readonly string[] }>()

/** Folders in which templates and lookups of a step look for files; the same list for each host. */
export function searchFolders(play: Play | undefined, step: InFile): readonly string[] {
  const known = folders.get(step)
  if (known && known.play === play) return known.folders
  const found = roleChain(step.role).map((role) => role.folder)
  found.push(dirname(step.at.file))
  if (play) found.push(play.folder)
  const made = { play, folders: [...new Set(found)] }
  folders.set(step, made)
  return made.folders
}

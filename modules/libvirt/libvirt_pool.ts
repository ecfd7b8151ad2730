import { whenPoolIsFree } from '../../core/libvirt/pools/retry.ts'
import { diffXml } from '../../core/libvirt/xml/diff.ts'
import { child, type Element, formatXml, parseXml } from '../../core/libvirt/xml/element.ts'
import { mergeXml } from '../../core/libvirt/xml/merge.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, type Host, ModuleFailure, type Reader } from '../../core/module/types.ts'
import { type Answer, ask, requireAnswer, undecided } from './daemon/ask.ts'
import { asChanges, creation } from './daemon/changes.ts'
import { attempt } from './daemon/failure.ts'
import { mustBuild } from './storage/pool-build.ts'
import { declaredPool, type PoolArgs, poolArgs } from './storage/pool-declaration.ts'
import { allDomains, usersOfPool } from './storage/users.ts'

interface Pool {
  readonly uuid: string
  readonly active: boolean
  readonly autostart: boolean
  readonly config: Element
  /** Running domains with a disk in it. */
  readonly users: readonly string[]
}

/** Undefined: there is no such pool. */
type State = Answer<Pool | undefined>

async function probe(host: Reader, args: PoolArgs): Promise<State> {
  return await ask(host, async (libvirt) => {
    const [pools, config, live, domains] = await Promise.all([
      libvirt.pools(),
      libvirt.poolXml(args.name, { inactive: true }),
      libvirt.poolXml(args.name),
      allDomains(libvirt),
    ])
    const found = pools.find((p) => p.name === args.name)
    const text = config ?? live
    if (!found || text === undefined) return undefined
    const users = usersOfPool(parseXml(live ?? text), domains).filter((d) => d.running)
    return {
      uuid: found.uuid,
      active: found.active,
      autostart: found.autostart,
      config: parseXml(text),
      users: users.map((d) => d.model.name),
    }
  })
}

function diff(state: State, args: PoolArgs): Change[] {
  const declared = declaredPool(args)
  if (state.kind === 'silent') return undecided('state', state)
  const pool = state.kind === 'answer' ? state.value : undefined
  if (args.state === 'absent') return pool ? [stop(pool, args, 'absent')] : []
  if (!pool) return creation('pool', args, declared, 'give type, or xml')
  const differences = declared ? diffXml(declared, pool.config) : []
  if (differences.some((d) => d.path === 'type'))
    throw new ModuleFailure(
      `pool '${args.name}' is of type ${pool.config.attributes.type}; its type cannot be changed`,
      {
        hint: 'remove it first (state: absent); its content stays',
      },
    )
  if (differences.length > 0 && pool.active) stop(pool, args, 'restarted')
  const changes = asChanges(differences, 'now', pool.active ? 'restarts the pool' : undefined)
  if (args.state === 'active' && !pool.active)
    changes.push({ path: 'state', before: 'inactive', after: 'active', effect: 'now' })
  if (args.state === 'inactive' && pool.active) changes.push(stop(pool, args, 'inactive'))
  if (args.autostart !== undefined && args.autostart !== pool.autostart)
    changes.push({ path: 'autostart', before: pool.autostart, after: args.autostart, effect: 'now' })
  return changes
}

function stop(pool: Pool, args: PoolArgs, after: string): Change {
  if (pool.active && pool.users.length > 0 && !args.allow_disruption) {
    throw new ModuleFailure(`pool '${args.name}' is in use by running guests: ${pool.users.join(', ')}`, {
      hint: 'allow_disruption: true stops it all the same',
    })
  }
  return { path: 'state', before: pool.active ? 'active' : 'inactive', after, effect: 'now' }
}

async function apply(host: Host, args: PoolArgs, state: State): Promise<undefined> {
  const pool = requireAnswer(state)
  const { libvirt } = host
  const command = (verb: string) =>
    attempt(`${verb} '${args.name}'`, () =>
      whenPoolIsFree(host.signal, () => libvirt.command([verb, `--pool=${args.name}`])),
    )
  if (args.state === 'absent') {
    if (pool?.active) await command('pool-destroy')
    await command('pool-undefine')
    return undefined
  }
  const declared = declaredPool(args)
  const differs = declared && pool ? diffXml(declared, pool.config).length > 0 : declared !== undefined
  let active = pool?.active ?? false
  if (declared && differs) {
    if (active) await command('pool-destroy')
    active = false
    const definition = pool ? mergeXml(declared, pool.config) : declared
    await attempt(`define pool '${args.name}'`, () => libvirt.definePool(formatXml(definition)))
  }
  const wanted = args.state === 'active' || (args.state === 'present' && pool?.active === true)
  if (wanted && !active) await start(host, args, declared ?? pool?.config, command, pool === undefined)
  if (args.state === 'inactive' && active) await command('pool-destroy')
  const autostart = args.autostart ?? (pool ? undefined : true)
  if (autostart !== undefined && autostart !== pool?.autostart) await libvirt.setAutostart('pool', args.name, autostart)
  return undefined
}

/** Builds what is missing, and starts; a new pool that does not start is not left behind. */
async function start(
  host: Host,
  args: PoolArgs,
  definition: Element | undefined,
  command: (verb: string) => Promise<string>,
  made: boolean,
): Promise<void> {
  try {
    if (await mustBuild(host, args, definition)) await command('pool-build')
    await command('pool-start')
  } catch (error) {
    if (made) await command('pool-undefine')
    throw error
  }
}

export default defineState({
  name: 'libvirt_pool',
  summary: 'A libvirt storage pool: defined, built if it has to be, running, started with the host.',
  description:
    'Removing a pool removes its definition and never its content. A pool of type netfs is what live migration needs: the same path on every host. Disks that hold anything (a file system, a partition table, a volume group of others) are never built upon.',
  args: poolArgs,
  returns: {
    name: 'Name of the pool.',
    uuid: 'UUID of the pool.',
    state: 'active, inactive or absent.',
    autostart: 'Whether it starts with the host.',
    path: 'Where it is on the host.',
  },
  examples: `- name: A folder for images
  libvirt_pool:
    name: images
    type: dir
    path: /var/lib/libvirt/images

- name: The share that all hypervisors have at the same path
  libvirt_pool:
    name: shared
    type: netfs
    host: nfs1
    export: /srv/vms
    path: /var/lib/libvirt/shared
    protocol_version: "4.2"

- name: A volume group of two disks that nothing is on
  libvirt_pool:
    name: fast
    type: logical
    volume_group: vg_fast
    devices: [/dev/nvme1n1, /dev/nvme2n1]

- name: A target of iSCSI, whose units are the volumes
  libvirt_pool:
    name: san
    type: iscsi
    host: san1
    target: iqn.2024-01.org.example:vms
`,
  wakes: true,
  probe,
  diff,
  apply,
  result(state, args) {
    const pool = state.kind === 'answer' ? state.value : undefined
    return {
      name: args.name,
      state: pool ? (pool.active ? 'active' : 'inactive') : 'absent',
      ...(pool
        ? { uuid: pool.uuid, autostart: pool.autostart, path: child(pool.config, 'target', 'path')?.text ?? '' }
        : {}),
    }
  },
})

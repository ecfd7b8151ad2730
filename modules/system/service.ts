import { sh } from '../../core/connection/quote.ts'
import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure } from '../../core/module/types.ts'
import { refuseWhileGuestsRun } from './guests.ts'
import { unitProperties } from './unit-properties.ts'

const args = arg
  .object({
    name: arg.name().optional().describe('unit; .service is added where it has no ending'),
    service: arg.name().optional().describe('another name of name'),
    unit: arg.name().optional().describe('another name of name'),
    state: arg.choice('started', 'stopped', 'restarted', 'reloaded').optional(),
    enabled: arg.bool().optional().describe('start it at every boot'),
    masked: arg.bool().optional(),
    daemon_reload: arg.bool().default(false),
    daemon_reexec: arg.bool().default(false),
    no_block: arg.bool().default(false).describe('do not wait until it has started'),
    force: arg.bool().default(false).describe('override links that are in the way'),
    scope: arg.choice('system', 'user', 'global').default('system'),
    allow_disruption: arg.bool().default(false).describe('though guests run that this would cut off'),
    use: arg.str().optional().describe('accepted; systemd is what we speak'),
    arguments: arg.str().optional().describe('accepted, for old init systems'),
    pattern: arg.str().optional().describe('accepted, for old init systems'),
    sleep: arg.int().optional().describe('accepted, for old init systems'),
  })
  .transform(({ service, unit, name, ...rest }) => ({ ...rest, name: name ?? service ?? unit }))
  .refine((a) => a.name !== undefined || (a.state === undefined && a.enabled === undefined && a.masked === undefined), {
    message: 'name is required with state, enabled or masked',
  })
  .refine((a) => a.name !== undefined || a.daemon_reload || a.daemon_reexec, {
    message: 'give a name or daemon_reload',
  })

interface State {
  /** Properties as `systemctl show` names them. */
  readonly unit: Readonly<Record<string, string>>
  readonly enabled: string
}

type Args = ReturnType<typeof args.parse>

// A user's manager is found by a folder that a shell without a login session does not know.
const scope = (a: Pick<Args, 'scope'>) => sh.raw(a.scope === 'system' ? '' : `--${a.scope}`)
const runtime = (a: Pick<Args, 'scope'>) =>
  sh.raw(a.scope === 'user' ? 'export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}";' : '')

/** Of each scope's units. */
const properties = {
  system: unitProperties(sh`exec systemctl`),
  user: unitProperties(sh`${runtime({ scope: 'user' })} exec systemctl ${scope({ scope: 'user' })}`),
  global: unitProperties(sh`exec systemctl ${scope({ scope: 'global' })}`),
}

/** Units whose end or new start cuts guests off, and those whose end leaves them without anyone who knows them. */
const CUTS =
  /^(networking|network|NetworkManager|systemd-networkd|openvswitch|openvswitch-switch|ovs-vswitchd|libvirt-guests|nfs-kernel-server|nfs-server)\.service$/
const ENDS = /^(libvirtd|virtqemud)\.(service|socket)$/

/** Whether what is asked for a unit may disturb the guests of a hypervisor. */
export function disturbsGuests(unit: string, state: Args['state']): boolean {
  if (state === 'stopped') return CUTS.test(unit) || ENDS.test(unit)
  return state === 'restarted' && CUTS.test(unit)
}

/** As systemctl completes names. */
export function unitName(name: string): string {
  return /\.(service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/.test(name)
    ? name
    : `${name}.service`
}

export default defineState({
  name: 'service',
  aliases: ['systemd', 'systemd_service', 'ansible.builtin.systemd', 'ansible.builtin.systemd_service'],
  summary: 'Starts, stops and enables services of systemd.',
  args,
  local: false,
  touches: 'host',
  returns: {
    name: 'the unit',
    state: 'started or stopped',
    enabled: 'whether it starts at a boot',
    status: 'properties of the unit',
  },
  examples: `
- service: name=libvirtd state=started enabled=true
- systemd: daemon_reload=true
`,
  async probe(host, a): Promise<State> {
    if (a.name === undefined) return { unit: {}, enabled: '' }
    const unit = unitName(a.name)
    // What systemd remembers of a unit's links may be old; where it matters, systemctl looks at the links.
    const links = a.enabled !== undefined || a.masked !== undefined
    const [show, enabled] = await Promise.all([
      host.readJointly(properties[a.scope], unit),
      links ? host.read(sh`${runtime(a)} exec systemctl ${scope(a)} is-enabled -- ${unit} 2>/dev/null`) : undefined,
    ])
    const state = { unit: show, enabled: enabled ? enabled.stdout.toString().trim() : (show.UnitFileState ?? '') }
    if (!a.allow_disruption && isUp(state) && disturbsGuests(unit, a.state)) await refuseWhileGuestsRun(host)
    return state
  },
  diff(state, a): Change[] {
    const changes: Change[] = []
    if (a.daemon_reexec) changes.push({ path: 'systemd', after: 'reexecuted', effect: 'action' })
    if (a.daemon_reload) changes.push({ path: 'systemd', after: 'reloaded', effect: 'action' })
    if (a.name === undefined) return changes
    const missing = state.unit.LoadState === 'not-found' && !['enabled', 'static', 'generated'].includes(state.enabled)
    if (missing) return [...changes, ...missingUnit(a)]
    return [...changes, ...enablement(state, a), ...activity(state, a)]
  },
  async apply(host, a, _state, changes) {
    const name = a.name === undefined ? '' : unitName(a.name)
    const block = sh.raw(a.no_block ? '--no-block' : '')
    const force = sh.raw(a.force ? '--force' : '')
    const steps = changes.map((change) => {
      if (change.path === 'systemd')
        return sh`systemctl ${scope(a)} ${change.after === 'reloaded' ? 'daemon-reload' : 'daemon-reexec'}`
      if (change.path === 'masked')
        return sh`systemctl ${scope(a)} ${force} ${change.after ? 'mask' : 'unmask'} -- ${name}`
      if (change.path === 'enabled')
        return sh`systemctl ${scope(a)} ${force} ${change.after ? 'enable' : 'disable'} -- ${name}`
      const verb = { started: 'start', stopped: 'stop', restarted: 'restart', reloaded: 'reload-or-restart' }[
        change.after as string
      ]!
      return sh`systemctl ${scope(a)} ${block} ${verb} -- ${name}`
    })
    const done = await host.run(sh.join([sh`set -e; ${runtime(a)}`, ...steps]))
    if (done.status === 0) return undefined
    const log = await host.read(sh`journalctl -q --no-pager -n 5 -o cat -u ${name} 2>/dev/null`)
    throw new ModuleFailure(
      `${done.stderr.toString().trim()}${log.stdout.length > 0 ? `; its log: ${log.stdout.toString().trim().split('\n').join(' | ')}` : ''}`,
      {
        hint: `see systemctl status ${name} on the host`,
      },
    )
  },
  result(state, a): JsonObject {
    return {
      ...(a.name !== undefined && { name: a.name }),
      ...(a.state !== undefined && { state: a.state === 'stopped' ? 'stopped' : 'started' }),
      ...(a.enabled !== undefined && { enabled: a.enabled }),
      status: state.unit,
    }
  },
  why: (state) => `${state.unit.ActiveState ?? ''} ${state.enabled}`.trim(),
})

function missingUnit(a: Args): Change[] {
  if ((a.state === 'stopped' || a.state === undefined) && a.enabled !== true) {
    return a.masked === true ? [{ path: 'masked', before: false, after: true, effect: 'now' }] : []
  }
  throw new ModuleFailure(`could not find the unit ${unitName(a.name!)}`, {
    hint: 'install its package first, or correct the name',
  })
}

/** A service that systemd starts again and again after its death is not up. */
function isUp({ unit }: State): boolean {
  const { ActiveState: active = 'inactive', SubState: sub } = unit
  return active === 'active' || active === 'reloading' || (active === 'activating' && sub !== 'auto-restart')
}

const STARTS = new Set(['enabled', 'enabled-runtime', 'static', 'alias', 'indirect', 'generated', 'linked'])

function enablement(state: State, a: Args): Change[] {
  const changes: Change[] = []
  const masked = state.enabled.startsWith('masked')
  if (a.masked !== undefined && a.masked !== masked)
    changes.push({ path: 'masked', before: masked, after: a.masked, effect: 'now' })
  if (a.enabled === undefined) return changes
  const fixed = ['static', 'generated', 'indirect', 'alias', 'transient'].includes(state.enabled)
  const enabled = STARTS.has(state.enabled)
  if (enabled !== a.enabled && !fixed)
    changes.push({ path: 'enabled', before: enabled, after: a.enabled, effect: 'now' })
  return changes
}

function activity(state: State, a: Args): Change[] {
  const { ActiveState: active = 'inactive' } = state.unit
  const running = isUp(state)
  const before = running ? 'started' : active === 'failed' ? 'failed' : 'stopped'
  if (a.state === undefined) return []
  if (a.state === 'restarted' || a.state === 'reloaded') {
    // A service that does not run is started, as Ansible does, and that can be verified.
    return running
      ? [{ path: 'state', before, after: a.state, effect: 'action' }]
      : [{ path: 'state', before, after: 'started', effect: settles(state) }]
  }
  const wanted = a.state === 'started'
  return running === wanted || (!wanted && active !== 'deactivating' && !running)
    ? []
    : [{ path: 'state', before, after: a.state, effect: wanted ? settles(state) : 'now' }]
}

/** A oneshot that does not stay "active" after it has run cannot be verified. */
function settles(state: State): 'now' | 'action' {
  return state.unit.Type === 'oneshot' && state.unit.RemainAfterExit !== 'yes' ? 'action' : 'now'
}

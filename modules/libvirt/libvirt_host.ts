import type { z } from 'zod'
import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, type Host, ModuleFailure, UNKNOWN } from '../../core/module/types.ts'
import { type DaemonKind, hasKind, kindOf, unitsInTheWay, unitsToTurnOn } from './host/daemons.ts'
import { installScript } from './host/packages.ts'
import { type HostState, probeHost } from './host/probe.ts'
import { withSettings } from './host/qemu-conf.ts'

const args = arg.object({
  packages: arg
    .list(arg.name())
    .optional()
    .describe("Packages to install instead of the distribution's usual ones; [] for none."),
  daemon: arg
    .choice('auto', 'libvirtd', 'modular')
    .default('auto')
    .describe('auto: what the host has; else one daemon for all drivers, or one for each.'),
  acceleration: arg
    .choice('auto', 'kvm', 'tcg')
    .default('auto')
    .describe('kvm: fail where the host cannot; auto: kvm where it can, else emulation.'),
  qemu_conf: arg
    .dict(arg.raw())
    .optional()
    .describe('Settings of qemu.conf, in marked lines of their own; the daemon is restarted.'),
  allow_disruption: arg.bool().default(false).describe('Restart or exchange the daemon while guests run.'),
})
type Args = z.output<typeof args>

const usable = (state: HostState): 'kvm' | 'tcg' => (state.kvm.device && state.kvm.processor ? 'kvm' : 'tcg')

function requireAcceleration(state: HostState, a: Args): void {
  if (a.acceleration !== 'kvm' || usable(state) === 'kvm') return
  const why = state.kvm.processor ? 'there is no /dev/kvm' : 'the processor shows neither vmx nor svm'
  throw new ModuleFailure(`KVM cannot be used: ${why}`, {
    hint: state.kvm.processor
      ? 'load kvm_intel or kvm_amd'
      : 'enable virtualisation in the firmware, or nesting in the outer hypervisor',
  })
}

function diff(state: HostState, a: Args): Change[] {
  requireAcceleration(state, a)
  const changes: Change[] = state.missing.map((p) => ({
    path: `packages.${p}`,
    before: 'absent',
    after: 'present',
    effect: 'now',
  }))
  const kind = wantedKind(state, a)
  if (kind === undefined)
    changes.push({ path: 'daemon', after: UNKNOWN, effect: 'now', note: 'known once it is installed' })
  else {
    if (state.missing.length === 0) requireKind(kind, state)
    const others = a.daemon === 'auto' ? [] : unitsInTheWay(kind, state.units)
    if (others.length > 0) guardGuests(state, a, `change from ${others.map((u) => u.name).join(', ')} to ${kind}`)
    for (const u of others) changes.push({ path: `units.${u.name}`, before: 'on', after: 'off', effect: 'now' })
    for (const u of unitsToTurnOn(kind, state.units))
      changes.push({ path: `units.${u.name}`, before: unitState(u), after: 'on', effect: 'now' })
  }
  if (a.qemu_conf !== undefined) {
    const before = state.qemuConf ?? ''
    const after = withSettings(before, a.qemu_conf)
    if (after !== before) {
      guardGuests(state, a, 'restart the daemon for qemu.conf')
      changes.push({
        path: 'qemu_conf',
        effect: 'now',
        text: { header: '/etc/libvirt/qemu.conf', before, after },
        note: 'restarts the daemon',
      })
    }
  }
  return changes
}

const unitState = (u: { active: boolean; enabled: boolean }): string =>
  `${u.enabled ? 'enabled' : 'disabled'}, ${u.active ? 'active' : 'inactive'}`

function guardGuests(state: HostState, a: Args, what: string): void {
  const guests = state.libvirt?.runningGuests ?? 0
  if (guests > 0 && !a.allow_disruption)
    throw new ModuleFailure(`cannot ${what} while ${guests} guests run`, {
      hint: 'allow_disruption: true does it; guests go on, but cannot be managed for a moment',
    })
}

/** Undefined: not to be told before the packages are there. */
function wantedKind(state: HostState, a: Args): DaemonKind | undefined {
  const found = kindOf(state.units)
  return found === undefined || a.daemon === 'auto' ? found : a.daemon
}

/** Turning the one kind off where the other is not installed would leave the host without any. */
function requireKind(kind: DaemonKind, { units }: HostState): void {
  if (hasKind(kind, units)) return
  throw kind === 'modular'
    ? new ModuleFailure('the modular daemons are not installed: there is no virtqemud.socket', {
        hint: 'Debian, up to 13, has libvirtd alone; daemon: auto takes what the host has',
      })
    : new ModuleFailure('libvirtd is not installed', { hint: 'daemon: auto takes what the host has' })
}

async function apply(host: Host, a: Args, state: HostState, changes: readonly Change[]): Promise<undefined> {
  if (state.missing.length > 0 && state.manager) {
    host.progress(`installing ${state.missing.length} packages`)
    const answer = await host.run(installScript(state.manager, state.missing), { shielded: true })
    if (answer.status !== 0)
      throw new ModuleFailure(`packages were not installed: ${lastLines(answer.stderr, answer.stdout)}`)
  }
  const now = state.missing.length > 0 ? await probeHost(host, a.packages, a.qemu_conf !== undefined) : state
  const kind = wantedKind(now, a)
  if (kind === undefined) throw new ModuleFailure('no daemon of libvirt is installed: neither libvirtd nor virtqemud')
  requireKind(kind, now)
  if (!now.systemd) throw new ModuleFailure('the host does not run systemd: its daemons cannot be started from here')
  const off = a.daemon === 'auto' ? [] : unitsInTheWay(kind, now.units).map((u) => u.name)
  const on = unitsToTurnOn(kind, now.units).map((u) => u.name)
  if (off.length > 0) await systemctl(host, 'disable', '--now', ...off)
  if (on.length > 0) await systemctl(host, 'enable', '--now', ...on)
  if (changes.some((c) => c.path === 'qemu_conf')) {
    const content = Buffer.from(withSettings(now.qemuConf ?? '', a.qemu_conf ?? {}))
    await host.writeFile('/etc/libvirt/qemu.conf', content, { mode: '0600' })
    await systemctl(host, 'restart', kind === 'modular' ? 'virtqemud.service' : 'libvirtd.service')
  }
  return undefined
}

async function systemctl(host: Host, ...argv: string[]): Promise<void> {
  const answer = await host.run(sh`systemctl ${argv}`, { timeoutMs: 120_000 })
  if (answer.status !== 0)
    throw new ModuleFailure(`systemctl ${argv.join(' ')}: ${lastLines(answer.stderr, answer.stdout)}`)
}

function lastLines(...streams: Buffer[]): string {
  const lines =
    streams
      .map((s) => s.toString().trim())
      .find((s) => s !== '')
      ?.split('\n') ?? []
  return lines.slice(-5).join('\n')
}

export default defineState({
  name: 'libvirt_host',
  summary: 'Makes a host a hypervisor: packages, daemons, usable acceleration.',
  description:
    'Installs QEMU and libvirt without recommended packages and turns on libvirtd, or the modular daemons where the distribution has them. A daemon is never stopped or restarted while guests run, unless `allow_disruption`.',
  args,
  returns: {
    versions: 'library and hypervisor, as libvirt names them.',
    acceleration: 'kvm or tcg: what domains can use.',
    host_uuid: 'UUID of the host as libvirt knows it.',
    arch: 'Architecture of the host.',
    cpu: 'CPU model that libvirt recognises.',
    daemon: 'libvirtd or modular.',
    running_guests: 'Number of guests that run.',
    validation: 'Answers of virt-host-validate: check, result (pass, warn, fail), note.',
  },
  examples: `- name: Every host is a hypervisor
  libvirt_host:
  register: hypervisor

- name: Only where guests run at full speed
  libvirt_host:
    acceleration: kvm
`,
  wakes: true,
  shielded: true,
  probe: (host, a) => probeHost(host, a.packages, a.qemu_conf !== undefined),
  diff,
  apply,
  result(state, a) {
    const kind = kindOf(state.units)
    return {
      acceleration: a.acceleration === 'tcg' ? 'tcg' : usable(state),
      validation: state.validation.map((v) => ({ ...v })),
      ...(kind === undefined ? {} : { daemon: kind }),
      ...(state.libvirt
        ? {
            versions: { library: state.libvirt.versions.library, hypervisor: state.libvirt.versions.hypervisor ?? '' },
            host_uuid: state.libvirt.uuid,
            arch: state.libvirt.arch,
            cpu: state.libvirt.cpu,
            running_guests: state.libvirt.runningGuests,
          }
        : {}),
    }
  },
})

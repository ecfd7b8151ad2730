import type { FleetVm, HostAnswer } from '../../../core/fleet/vms.ts'

/** A VM of a host, off unless told. */
export function vmOf(host: string, name: string, more: Partial<FleetVm> = {}): FleetVm {
  return {
    name,
    host,
    uuid: `${host}-${name}`,
    state: 'shut off',
    reason: 'unknown',
    persistent: true,
    autostart: false,
    managedSave: false,
    vcpus: 2,
    memoryKiB: 1024 * 1024,
    ...more,
  }
}

export const answerOf = (host: string, ...names: readonly string[]): HostAnswer => ({
  host,
  libvirt: true,
  vms: names.map((name) => vmOf(host, name)),
})

export const silentOf = (host: string): HostAnswer => ({ host, silent: 'connection refused' })

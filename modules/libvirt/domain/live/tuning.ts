import type { Difference } from '../../../../core/libvirt/xml/diff.ts'
import { child, type Element } from '../../../../core/libvirt/xml/element.ts'
import { LIVE, type LiveStep, type StepMaker } from './step.ts'

const command = (label: string, verb: string, ...argv: string[]): LiveStep => ({
  label,
  settles: 'now',
  act: (libvirt, uuid) => libvirt.command([verb, `--domain=${uuid}`, '--live', ...argv]),
})

/** More processors come at once; to give one up, the guest must. */
export const processorStep: StepMaker = ({ path, before, after }, { live }) => {
  if (path !== 'vcpu.current') return undefined
  const there = child(live, 'vcpu')
  const count = Number(after)
  if (!there || !Number.isInteger(count) || count > Number(there.text)) return undefined
  return {
    label: 'set vcpus',
    settles: count > Number(before ?? there.text) ? 'now' : 'guest',
    act: (libvirt, uuid) => libvirt.setVcpus(uuid, count, LIVE),
  }
}

/** The guest's balloon gives memory back, or takes it, as its driver does; sizes in KiB. Whole MiB count. */
export function balloonStep(wanted: string, is: string, live: Element): LiveStep | undefined {
  const mebibytes = (kib: string): number => Math.ceil(Number(kib) / 1024)
  const most = Number(child(live, 'memory')?.text ?? 0)
  const balloon = child(live, 'devices', 'memballoon')?.attributes.model
  if (mebibytes(wanted) === mebibytes(is) || Number(wanted) > most || balloon === undefined || balloon === 'none')
    return undefined
  return {
    label: 'set memory',
    settles: 'guest',
    note: 'as far as the balloon of the guest follows',
    act: (libvirt, uuid) => libvirt.setMemory(uuid, Number(wanted), LIVE),
  }
}

const SCHEDULER: Readonly<Record<string, string>> = {
  shares: 'cpu_shares',
  period: 'vcpu_period',
  quota: 'vcpu_quota',
  emulator_period: 'emulator_period',
  emulator_quota: 'emulator_quota',
  global_period: 'global_period',
  global_quota: 'global_quota',
  iothread_period: 'iothread_period',
  iothread_quota: 'iothread_quota',
}

const LIFECYCLE: Readonly<Record<string, string>> = {
  on_poweroff: 'poweroff',
  on_reboot: 'reboot',
  on_crash: 'crash',
}

const MEMTUNE: Readonly<Record<string, string>> = {
  hard_limit: '--hard-limit',
  soft_limit: '--soft-limit',
  swap_hard_limit: '--swap-hard-limit',
}

/** What virsh sets by name: shares and limits, pins, what happens at the guest's end. */
export const tuningStep: StepMaker = ({ path, after }: Difference) => {
  const [first = '', second = '', third = ''] = path.split('.')
  const label = `set ${path}`
  if (first === 'cputune' && SCHEDULER[second] !== undefined)
    return command(label, 'schedinfo', '--set', `${SCHEDULER[second]}=${after}`)
  const pin = /^vcpupin\[(\d+)\]$/.exec(second)
  if (first === 'cputune' && pin?.[1] !== undefined && third === 'cpuset')
    return command(label, 'vcpupin', `--vcpu=${pin[1]}`, `--cpulist=${after}`)
  if (first === 'cputune' && second === 'emulatorpin' && third === 'cpuset')
    return command(label, 'emulatorpin', `--cpulist=${after}`)
  if (first === 'memtune' && MEMTUNE[second] !== undefined)
    return command(label, 'memtune', `${MEMTUNE[second]}=${after}`)
  if (LIFECYCLE[first] !== undefined)
    return command(label, 'set-lifecycle-action', `--type=${LIFECYCLE[first]}`, `--action=${after}`)
  if ((first === 'title' || first === 'description') && !/[\r\n]/.test(after))
    return command(label, 'desc', ...(first === 'title' ? ['--title'] : []), `--new-desc=${after}`)
  return undefined
}

const LIMITS: Readonly<Record<string, string>> = {
  total_bytes_sec: '--total-bytes-sec',
  read_bytes_sec: '--read-bytes-sec',
  write_bytes_sec: '--write-bytes-sec',
  total_iops_sec: '--total-iops-sec',
  read_iops_sec: '--read-iops-sec',
  write_iops_sec: '--write-iops-sec',
}

/** Limits of a disk's throughput. */
export const throttleStep: StepMaker = ({ path, after }) => {
  const match = /^devices\.disk\[([^\]]*)\]\.iotune\.(\w+)$/.exec(path)
  const option = LIMITS[match?.[2] ?? '']
  if (match?.[1] === undefined || option === undefined) return undefined
  return command(`set ${match[2]} of disk[${match[1]}]`, 'blkdeviotune', `--device=${match[1]}`, `${option}=${after}`)
}

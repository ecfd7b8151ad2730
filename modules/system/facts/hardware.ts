import { sh } from '../../../core/connection/quote.ts'
import type { JsonObject } from '../../../core/events/json.ts'
import { type FactSubset, sections } from './subset.ts'

/** Processors, memory, mounts and the board. Nothing here touches a network file system: a dead server must not hang us. */
export const hardware: FactSubset = {
  script:
    sh.raw(`echo @@cpuinfo; grep -E '^(processor|model name|physical id|core id|flags|siblings|cpu cores)' /proc/cpuinfo
echo @@meminfo; cat /proc/meminfo
echo @@uptime; cut -d' ' -f1 /proc/uptime
echo @@dmi; for f in product_name sys_vendor product_uuid product_serial bios_version board_name; do printf '%s=' $f; cat /sys/class/dmi/id/$f 2>/dev/null || echo; done
echo @@mounts; grep -E '^/dev/|^UUID=' /proc/mounts
echo @@df; df -P -B1 -l 2>/dev/null
exit 0`),
  parse(output) {
    const part = sections(output)
    return {
      ...processors(part.get('cpuinfo') ?? ''),
      ...memory(part.get('meminfo') ?? ''),
      uptime_seconds: Math.floor(Number((part.get('uptime') ?? '0').trim())),
      ...board(part.get('dmi') ?? ''),
      mounts: mounts(part.get('mounts') ?? '', part.get('df') ?? ''),
    }
  },
}

function processors(text: string): JsonObject {
  const all = (key: string): string[] => [...text.matchAll(new RegExp(`^${key}\\s*:\\s*(.*)$`, 'gm'))].map((m) => m[1]!)
  const threads = all('processor').length || 1
  const sockets = new Set(all('physical id')).size || 1
  const cores = Number(all('cpu cores')[0] ?? 0) || Math.max(1, Math.floor(threads / sockets))
  return {
    processor: all('model name'),
    processor_count: sockets,
    processor_cores: cores,
    processor_threads_per_core: Math.max(1, Math.floor(threads / (sockets * cores))),
    processor_vcpus: threads,
    processor_nproc: threads,
    processor_flags: (all('flags')[0] ?? '').split(' ').filter((flag) => flag !== ''),
  }
}

function memory(text: string): JsonObject {
  const mb = (key: string): number =>
    Math.floor(Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024)
  return {
    memtotal_mb: mb('MemTotal'),
    memfree_mb: mb('MemFree'),
    memavailable_mb: mb('MemAvailable'),
    swaptotal_mb: mb('SwapTotal'),
    swapfree_mb: mb('SwapFree'),
    hugepages_total: Number(/^HugePages_Total:\s+(\d+)/m.exec(text)?.[1] ?? 0),
    hugepages_free: Number(/^HugePages_Free:\s+(\d+)/m.exec(text)?.[1] ?? 0),
  }
}

function board(text: string): JsonObject {
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]?.trim() || 'NA'
  return {
    product_name: value('product_name'),
    system_vendor: value('sys_vendor'),
    product_uuid: value('product_uuid'),
    product_serial: value('product_serial'),
    bios_version: value('bios_version'),
    board_name: value('board_name'),
  }
}

function mounts(text: string, df: string): JsonObject[] {
  const sizes = new Map(
    df
      .split('\n')
      .slice(1)
      .map((line) => {
        const fields = line.trim().split(/\s+/)
        return [
          fields.slice(5).join(' '),
          { size_total: Number(fields[1]), size_available: Number(fields[3]) },
        ] as const
      }),
  )
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [device = '', mount = '', fstype = '', options = ''] = line.split(' ')
      return { device, mount: unescapeMount(mount), fstype, options, ...sizes.get(unescapeMount(mount)) }
    })
}

/** /proc/mounts writes blanks as octal. */
export function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

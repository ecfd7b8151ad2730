import { sh } from '../../../core/connection/quote.ts'
import type { JsonObject } from '../../../core/events/json.ts'
import { parseSeveral, severalScript } from '../../files/several.ts'
import { unescapeBlanks } from '../../storage/octal.ts'
import { type FactSubset, sections } from './subset.ts'

const DMI = '/sys/class/dmi/id/'
const BOARD = ['product_name', 'sys_vendor', 'product_uuid', 'product_serial', 'bios_version', 'board_name'] as const

/** Processors, memory, mounts and the board. Nothing here touches a network file system: a dead server must not hang us. */
export const hardware: FactSubset = {
  // All processors have the same flags, and one has hundreds.
  script: sh`echo @@cpuinfo; awk '/^flags/ && !told++ || /^(processor|model name|physical id|cpu cores)/' /proc/cpuinfo
echo @@df; df -P -B1 -l 2>/dev/null
echo @@files; ${severalScript(sh`/proc/meminfo /proc/uptime /proc/mounts ${BOARD.map((name) => DMI + name)}`)} 2>/dev/null
exit 0`,
  parse(output) {
    const part = sections(output)
    const files = parseSeveral(part.get('files') ?? '')
    return {
      ...processors(part.get('cpuinfo') ?? ''),
      ...memory(files.get('/proc/meminfo') ?? ''),
      uptime_seconds: Math.floor(Number.parseFloat(files.get('/proc/uptime') ?? '0')),
      ...board((name) => files.get(DMI + name)?.trim() || 'NA'),
      mounts: mounts(files.get('/proc/mounts') ?? '', part.get('df') ?? ''),
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

function board(value: (name: (typeof BOARD)[number]) => string): JsonObject {
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
    .filter((line) => /^\/dev\/|^UUID=/.test(line))
    .map((line) => {
      const [device = '', mount = '', fstype = '', options = ''] = line.split(' ')
      return { device, mount: unescapeBlanks(mount), fstype, options, ...sizes.get(unescapeBlanks(mount)) }
    })
}

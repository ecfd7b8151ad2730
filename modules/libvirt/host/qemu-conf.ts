import type { Json } from '../../../core/events/json.ts'
import { ModuleFailure } from '../../../core/module/types.ts'

/*
 * Lines of ours in qemu.conf, between two marks; the rest of the file is the distribution's and the administrator's.
 */
const BEGIN = '# BEGIN virtfleet'
const END = '# END virtfleet'

function literal(key: string, value: Json): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') {
    if (/["\n\r]/.test(value)) throw new ModuleFailure(`the value of qemu_conf.${key} has a quote or a line break`)
    return `"${value}"`
  }
  if (Array.isArray(value)) return `[ ${value.map((v: Json) => literal(key, v)).join(', ')} ]`
  throw new ModuleFailure(`the value of qemu_conf.${key} must be text, a number, a boolean or a list`)
}

/** The file with our lines for these settings. Raises ModuleFailure where a key is already set elsewhere in the file. */
export function withSettings(source: string, settings: Readonly<Record<string, Json>>): string {
  const lines = source.split('\n')
  const begin = lines.indexOf(BEGIN)
  const end = lines.indexOf(END)
  const rest = begin >= 0 && end > begin ? [...lines.slice(0, begin), ...lines.slice(end + 1)] : lines
  for (const key of Object.keys(settings)) {
    if (!/^[a-z_]+$/.test(key)) throw new ModuleFailure(`'${key}' is not a setting of qemu.conf`)
    const at = rest.findIndex((line) => new RegExp(`^\\s*${key}\\s*=`).test(line))
    if (at >= 0)
      throw new ModuleFailure(`qemu.conf already sets '${key}' in line ${at + 1}`, {
        hint: 'take that line out, or do not declare it',
      })
  }
  while (rest.at(-1) === '') rest.pop()
  const keys = Object.keys(settings).sort()
  if (keys.length === 0) return `${rest.join('\n')}\n`
  const block = [BEGIN, ...keys.map((key) => `${key} = ${literal(key, settings[key] ?? null)}`), END]
  return `${[...rest, ...block].join('\n')}\n`
}

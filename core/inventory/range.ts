const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
/** More hosts than this in one line are a mistake. */
const most = 1_000_000

/** Why a range cannot be expanded. */
export class BadRange extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'BadRange'
    this.hint = hint
  }
}

/** Whether a host name has a range in it: `kvm[01:20]`. An IPv6 address in brackets is none. */
export function hasRange(name: string): boolean {
  return /\[[^\]:]*:[^\]]*\]/.test(name) && !/^\[[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\](?::\d+)?$/.test(name)
}

/**
 * Host names of `kvm[01:20:2]`, `rack[a:f]-[1:3]`: begin, end (included) and step. A begin with a leading zero sets the
 * width; an empty begin is 0. BadRange otherwise.
 */
export function expandRange(name: string): string[] {
  const match = /^([^[]*)\[([^\]]*)\](.*)$/s.exec(name)
  if (!match || !hasRange(name)) return [name]
  const [, head, body, tail] = match as unknown as [string, string, string, string]
  const middles = body.includes(':') ? sequence(body) : [`[${body}]`]
  const tails = expandRange(tail)
  if (middles.length * tails.length > most) throw new BadRange(`the range '${name}' has more than ${most} hosts`)
  return middles.flatMap((middle) => tails.map((rest) => `${head}${middle}${rest}`))
}

function sequence(body: string): string[] {
  const parts = body.split(':')
  if (parts.length > 3) throw new BadRange(`'[${body}]' is not a range`, 'write [begin:end] or [begin:end:step]')
  const [begin = '', end = '', stepText = '1'] = parts
  if (end === '') throw new BadRange(`the range '[${body}]' has no end`, 'write [begin:end] or [begin:end:step]')
  if (!/^[1-9]\d*$/.test(stepText)) throw new BadRange(`the step of '[${body}]' must be a positive number`)
  const step = Number(stepText)
  const from = begin === '' ? '0' : begin
  const result: string[] = []
  if (/^[a-zA-Z]$/.test(from) && /^[a-zA-Z]$/.test(end)) {
    const last = letters.indexOf(end)
    for (let i = letters.indexOf(from); i <= last; i += step) result.push(letters[i]!)
  } else {
    if (!/^\d{1,15}$/.test(from) || !/^\d{1,15}$/.test(end)) {
      throw new BadRange(`'[${body}]' is not a range`, 'begin and end are both numbers or both single letters')
    }
    const width = from.length > 1 && from.startsWith('0') ? from.length : 0
    if (width > 0 && width !== end.length) {
      throw new BadRange(`begin and end of '[${body}]' have different widths`, `write the end with ${width} digits`)
    }
    if ((Number(end) - Number(from)) / step > most)
      throw new BadRange(`the range '[${body}]' has more than ${most} hosts`)
    for (let i = Number(from); i <= Number(end); i += step) result.push(String(i).padStart(width, '0'))
  }
  if (result.length === 0) throw new BadRange(`the range '[${body}]' is empty`, 'begin must not be greater than end')
  return result
}

import type { Json, JsonObject } from '../../events/json.ts'
import type { EventChange, TextDiff } from '../../events/types.ts'

/** Longer texts are cut in events; `register` has them whole. */
const LONGEST_TEXT = 256 * 1024
const MOST_ELEMENTS = 1000
/** Of what a task says in one event, in characters: 1 MiB of plain text. */
const WHOLE_EVENT = 1024 * 1024
/** What a value costs beside its text: quotes, commas, digits. */
const OVERHEAD = 8

/** What one event may still carry. Values are taken in the order they are asked for; what is left out leaves a note. */
export class EventBounds {
  #left = WHOLE_EVENT

  text(text: string): string {
    const room = Math.min(LONGEST_TEXT, this.#left)
    if (text.length <= room) {
      this.#left -= text.length + OVERHEAD
      return text
    }
    const kept = room < LONGEST_TEXT ? '' : text.slice(0, room)
    this.#left -= kept.length + OVERHEAD
    return `${kept}… (${text.length} characters)`
  }

  value(value: Json | undefined): Json {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return this.#list(value)
    if (value !== null && typeof value === 'object') return this.object(value as JsonObject)
    this.#left -= OVERHEAD
    return value ?? null
  }

  /** The object itself where all of it fits, which is nearly always. */
  object(value: JsonObject): JsonObject {
    const size = sizeWithin(value, this.#left)
    if (size !== undefined) {
      this.#left -= size
      return value
    }
    const entries = Object.entries(value)
    const kept: [string, Json][] = []
    for (const [key, one] of entries) {
      if (this.#left <= key.length) {
        kept.push(['…', `${entries.length - kept.length} more`])
        break
      }
      this.#left -= key.length + OVERHEAD
      kept.push([key, this.value(one)])
    }
    return Object.fromEntries(kept)
  }

  changes(changes: readonly EventChange[]): EventChange[] {
    const kept: EventChange[] = []
    for (const change of changes) {
      if (this.#left <= 0) break
      kept.push({
        ...change,
        path: this.text(change.path),
        ...(change.before !== undefined && { before: this.value(change.before as Json) as never }),
        ...(change.after !== undefined && { after: this.value(change.after as Json) as never }),
        ...(change.note !== undefined && { note: this.text(change.note) }),
      })
    }
    return kept
  }

  diff(diff: readonly TextDiff[]): TextDiff[] {
    return diff.slice(0, MOST_ELEMENTS).map(({ header, before, after }) => {
      const size = before.length + after.length
      const name = this.text(header)
      // Half a text would show lines as removed that are there.
      if (size > this.#left)
        return { header: name, before: `… (${before.length} characters)\n`, after: `… (${after.length} characters)\n` }
      this.#left -= size + OVERHEAD
      return { header: name, before, after }
    })
  }

  #list(list: readonly Json[]): Json[] {
    const kept: Json[] = []
    for (const one of list) {
      if (kept.length >= MOST_ELEMENTS || this.#left <= 0) return [...kept, `… (${list.length} elements)`]
      kept.push(this.value(one))
    }
    return kept
  }
}

/** What the value takes of an event's room; undefined where it is more than that, or something in it must be cut. */
function sizeWithin(value: Json | undefined, room: number): number | undefined {
  if (typeof value === 'string') {
    const size = value.length + OVERHEAD
    return value.length <= LONGEST_TEXT && size <= room ? size : undefined
  }
  if (value === undefined || room < OVERHEAD) return undefined
  let size = OVERHEAD
  if (value === null || typeof value !== 'object') return size
  if (Array.isArray(value)) {
    if (value.length > MOST_ELEMENTS) return undefined
    for (const one of value) {
      const more = sizeWithin(one, room - size)
      if (more === undefined) return undefined
      size += more
    }
    return size
  }
  for (const key in value) {
    const more = sizeWithin((value as JsonObject)[key], room - size - key.length - OVERHEAD)
    if (more === undefined) return undefined
    size += key.length + OVERHEAD + more
  }
  return size
}

import * as z from 'zod'
import { argumentsObject } from './arguments-object.ts'

/*
 * Argument types with Ansible's coercions: a template may give text where a number or a list is meant, and YAML a number
 * where text is meant. Each carries `meta.type`, from which the docs and the JSON Schema take the accepted input.
 */

const TRUE = new Set(['yes', 'on', '1', 'true', 't', 'y'])
const FALSE = new Set(['no', 'off', '0', 'false', 'f', 'n'])

function toBool(value: unknown): unknown {
  if (typeof value === 'number') return value === 1 ? true : value === 0 ? false : value
  if (typeof value !== 'string') return value
  const text = value.trim().toLowerCase()
  return TRUE.has(text) ? true : FALSE.has(text) ? false : value
}

/** YAML 1.1 reads `state: on` as true: where a choice has such a word, it is meant. */
function toChoice(choices: readonly string[]): (value: unknown) => unknown {
  return (value) => {
    if (typeof value !== 'boolean' || choices.includes(value ? 'True' : 'False')) return toText(value)
    const words = choices.filter((one) => (value ? TRUE : FALSE).has(one))
    return words.length === 1 ? words[0] : toText(value)
  }
}

function toText(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return value
}

function toInt(value: unknown): unknown {
  return typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value
}

function toFloat(value: unknown): unknown {
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value
}

function toList(value: unknown): unknown {
  if (value === null || value === undefined || Array.isArray(value)) return value
  if (typeof value === 'string') return value === '' ? [] : value.split(',').map((part) => part.trim())
  return [value]
}

function toMode(value: unknown): unknown {
  return typeof value === 'number' ? `0${value.toString(8)}` : value
}

const MODE =
  /^(?:0?[0-7]{1,4}|0o[0-7]{1,4}|(?:[ugoa]*(?:[-+=](?:[rwxXst]*|[ugo]))+)(?:,[ugoa]*(?:[-+=](?:[rwxXst]*|[ugo]))+)*)$/

export const arg = {
  /** Text; numbers and booleans become what Ansible makes of them. */
  str: () => z.preprocess(toText, z.string()).meta({ type: 'str' }),
  /** Text that is not empty. */
  name: () => z.preprocess(toText, z.string().min(1)).meta({ type: 'str' }),
  /** An absolute path on the host. */
  path: () => z.preprocess(toText, z.string().startsWith('/', 'must be an absolute path')).meta({ type: 'path' }),
  /** yes, no, on, off, 1, 0, true, false in any case. */
  bool: () => z.preprocess(toBool, z.boolean()).meta({ type: 'bool' }),
  int: () => z.preprocess(toInt, z.int()).meta({ type: 'int' }),
  float: () => z.preprocess(toFloat, z.number()).meta({ type: 'float' }),
  /** A list; text is split at commas, another single value becomes a list of one. */
  list: <T extends z.ZodType>(item: T) => z.preprocess(toList, z.array(item)).meta({ type: 'list' }),
  dict: <T extends z.ZodType>(value: T) => z.record(z.string(), value).meta({ type: 'dict' }),
  choice: <const T extends readonly [string, ...string[]]>(...values: T) =>
    z.preprocess(toChoice(values), z.enum(values)).meta({ type: 'str', choices: values }),
  /** A file mode: octal text, or symbolic as chmod takes it. A YAML number is the mode's value, as Ansible has it. */
  mode: () =>
    z
      .preprocess(toMode, z.string().regex(MODE, 'must be octal such as "0644" or symbolic such as u=rw,go=r'))
      .meta({ type: 'mode' }),
  /** Anything JSON has. */
  raw: () => z.json().meta({ type: 'raw' }),
  /** Text, or a list of items; text stays whole, commas and all. */
  oneOrMore: <T extends z.ZodType>(item: T) =>
    z
      .preprocess(
        (value) => (value === null || value === undefined || Array.isArray(value) ? value : [value]),
        z.array(item),
      )
      .meta({ type: 'list' }),
  /**
   * The module's arguments; unknown keys are refused, null is as good as not given. `aliases`: other names of arguments,
   * as `{ dest: 'path' }`.
   */
  object: argumentsObject,
}

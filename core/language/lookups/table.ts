import { iterate, PythonError, str, truth } from '../python/index.ts'
import { Tuple, type Value } from '../values.ts'

export type Options = ReadonlyMap<string, Value>

/** An option of a lookup as text; undefined when it was not given. */
export function option(kwargs: Options, name: string): string | undefined {
  const value = kwargs.get(name)
  return value === undefined || value === null ? undefined : str(value)
}

export function isOn(kwargs: Options, name: string, otherwise: boolean): boolean {
  const value = kwargs.get(name)
  return value === undefined
    ? otherwise
    : truth(typeof value === 'string' ? !/^(?:no|false|off|0|)$/i.test(value) : value)
}

/** The only keywords a lookup knows. */
export function allow(lookup: string, kwargs: Options, names: readonly string[]): void {
  for (const name of kwargs.keys()) {
    if (!names.includes(name)) throw new PythonError('TypeError', `the lookup '${lookup}' has no option '${name}'`)
  }
}

/** The items of a term that must be a list. */
export function listOf(value: Value): readonly Value[] {
  return value instanceof Tuple || Array.isArray(value) ? iterate(value) : [value]
}

/** `name key=value key="two words"`: what stands behind the first word, as Ansible's older lookups take it. */
export function inlineOptions(term: string): { name: string; options: Map<string, string> } {
  const words = term.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? []
  const options = new Map<string, string>()
  const names: string[] = []
  for (const word of words) {
    const m = /^(\w+)=(.*)$/s.exec(word)
    if (m) options.set(m[1] ?? '', (m[2] ?? '').replace(/^(['"])(.*)\1$/s, '$2'))
    else names.push(word)
  }
  return { name: names.join(' '), options }
}

import type { Element } from '../../../core/libvirt/xml/element.ts'

type Attributes = Readonly<Record<string, string | number | undefined>>

/** An element of a declaration; attributes that are undefined are not said. */
export function element(name: string, attributes: Attributes = {}, content: readonly Element[] | string = []): Element {
  const said = Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]))
  return {
    name,
    attributes: Object.fromEntries(said) as Element['attributes'],
    children: typeof content === 'string' ? [] : content,
    text: typeof content === 'string' ? content : '',
    line: 1,
  }
}

/** The element, if there is something to say. */
export function maybe<T>(value: T | undefined, make: (value: T) => Element | readonly Element[]): readonly Element[] {
  if (value === undefined) return []
  const made = make(value)
  return Array.isArray(made) ? made : [made as Element]
}

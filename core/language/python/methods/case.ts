import { characters } from '../characters.ts'

/** str.capitalize */
export function capitalize(text: string): string {
  const [first = '', ...rest] = characters(text)
  return titleOf(first) + rest.join('').toLowerCase()
}

function titleOf(c: string): string {
  const upper = c.toUpperCase()
  return upper.length > c.length ? upper.slice(0, c.length) + upper.slice(c.length).toLowerCase() : upper
}

/** str.title: words are runs of letters, so that `it's` becomes `It'S`. */
export function titleCase(text: string): string {
  return text.replace(/\p{Cased}\p{Cased}*/gu, (word) => capitalize(word))
}

export function isTitle(text: string): boolean {
  const words = text.match(/\p{Cased}+/gu)
  return words?.every((w) => w === capitalize(w)) ?? false
}

export function swapCase(text: string): string {
  return characters(text)
    .map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()))
    .join('')
}

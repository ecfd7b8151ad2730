const CALL = /\bit\(\s*('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)/g

/**
 * Whether a test file has an `it` of this title. A title made by a table counts where its template fits, and what stands in the holes is
 * written in the file, whole or word by word, as strings.
 */
export function hasTitle(source: string, title: string): boolean {
  return [...source.matchAll(CALL)].some(([, literal = '']) => {
    const text = literal.slice(1, -1).replace(/\\(.)/g, '$1')
    return literal.startsWith('`') ? fits(text, title, source) : text === title
  })
}

function fits(template: string, title: string, source: string): boolean {
  const parts = template.split(/\$\{[^}]*\}/)
  if (parts.some((part) => part.includes('${')) || parts.join('').trim() === '') return false
  const values = new RegExp(`^${parts.map(quote).join('(.+)')}$`).exec(title)?.slice(1)
  const isWritten = (text: string): boolean => [`'${text}'`, `"${text}"`].some((one) => source.includes(one))
  return values?.every((value) => isWritten(value) || value.split(' ').every(isWritten)) ?? false
}

const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Of shlex: no other space parts words. */
const WHITESPACE = new Set([' ', '\t', '\r', '\n'])

/**
 * Splits a command line as Python's shlex does in POSIX mode, which is how Ansible reads the command lines it runs without a
 * shell. Raises RangeError for an unclosed quote and a backslash at the end.
 */
export function splitWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (quote === "'") {
      if (char === "'") quote = ''
      else word += char
    } else if (quote === '"') {
      if (char === '"') quote = ''
      else if (char === '\\' && (text[i + 1] === '"' || text[i + 1] === '\\')) word += text[++i]!
      else word += char
    } else if (char === "'" || char === '"') {
      quote = char
      word ??= ''
    } else if (char === '\\') {
      if (i + 1 >= text.length) throw new RangeError('the command ends with a backslash')
      word = (word ?? '') + text[++i]!
    } else if (WHITESPACE.has(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + char
    }
  }
  if (quote !== '') throw new RangeError(`the command has an unclosed ${quote} quote`)
  if (word !== undefined) words.push(word)
  return words
}

/* Text of users and hosts, made harmless for a terminal. */

// Controls of C0 and C1; what turns the direction of text, or is no character at all, would let a name lie.
const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const MARK = /\p{M}/u

/** Control characters are shown, not obeyed; line breaks and tabs stay. */
export function printable(text: string): string {
  return text.replace(/\r+\n/g, '\n').replace(UNSAFE, (char) => {
    const code = char.charCodeAt(0)
    if (char === '\r') return '\\r'
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/** Columns that text takes on a terminal. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const char of text) columns += MARK.test(char) ? 0 : WIDE.test(char) ? 2 : 1
  return columns
}

/** On one line, and no wider than `width` columns. */
export function oneLine(text: string, width: number): string {
  const flat = printable(text)
    .replace(/\s*\n\s*/g, ' ⏎ ')
    .replaceAll('\t', ' ')
  if (flat.length <= width / 2 || columnsOf(flat) <= width) return flat
  let cut = ''
  let columns = 1
  for (const char of flat) {
    columns += columnsOf(char)
    if (columns > width) break
    cut += char
  }
  return width < 1 ? '' : `${cut}…`
}

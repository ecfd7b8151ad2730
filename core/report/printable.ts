/** Text of a host, made harmless for a terminal: control characters are shown, not obeyed; line breaks and tabs stay. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (char) =>
    char === '\r' ? '' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** On one line, and no longer than `width` columns. */
export function oneLine(text: string, width: number): string {
  const flat = printable(text).replace(/\s*\n\s*/g, ' ⏎ ')
  return flat.length <= width ? flat : `${flat.slice(0, Math.max(0, width - 1))}…`
}

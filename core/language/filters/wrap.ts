/** Jinja's wordwrap: each line of the text by itself, wrapped as Python's textwrap does without touching white space. */
export function wrapText(
  input: string,
  width: number,
  breakLong: boolean,
  separator: string,
  hyphens: boolean,
): string {
  return input
    .split(/\r\n|[\n\r]/)
    .map((line) => wrapLine(line, width, breakLong, hyphens).join(separator))
    .join(separator)
}

function wrapLine(line: string, width: number, breakLong: boolean, hyphens: boolean): string[] {
  const pattern = hyphens ? /\s+|[^\s-]*\w-(?=[A-Za-z])|[^\s]+?(?=\s|$|(?<=\w-)(?=[A-Za-z]))/g : /\s+|\S+/g
  const chunks: string[] = line.match(pattern) ?? []
  const lines: string[] = []
  let current: string[] = []
  let size = 0
  const flush = (): void => {
    while (current.length > 0 && current.at(-1)?.trim() === '') current.pop()
    if (current.length > 0) lines.push(current.join(''))
    current = []
    size = 0
  }
  while (chunks.length > 0) {
    const chunk = chunks.shift() ?? ''
    if (size === 0 && lines.length > 0 && chunk.trim() === '') continue
    if (size + chunk.length <= width) {
      current.push(chunk)
      size += chunk.length
    } else if (chunk.length > width && breakLong) {
      const room = Math.max(width - size, 1)
      current.push(chunk.slice(0, room))
      chunks.unshift(chunk.slice(room))
      flush()
    } else if (size === 0) {
      current.push(chunk)
      flush()
    } else {
      flush()
      chunks.unshift(chunk)
    }
  }
  flush()
  return lines
}

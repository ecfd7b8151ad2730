const simple: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** The text of a string literal between its quotes, with Python's escapes; an unknown escape stays as written. */
export function literalText(body: string): string {
  if (!body.includes('\\')) return body
  return body.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole, x?: string, u?: string, long?: string, octal?: string, char?: string) => {
      const code = x ?? u ?? long
      if (code !== undefined) return codePoint(Number.parseInt(code, 16)) ?? whole
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
      return simple[char ?? ''] ?? whole
    },
  )
}

function codePoint(code: number): string | undefined {
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined
}

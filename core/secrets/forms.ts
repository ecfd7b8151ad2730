/** Shortest text that is redacted: anything shorter would blacken half of every line. */
export const shortest = 4

/** Values that a variable may hold without being secret; redacting them would hide the output, not the secret. */
const common = new Set(
  'true false null none yes no on off root admin user test default password secret localhost present absent started stopped'.split(
    ' ',
  ),
)

/** Why a secret cannot be redacted by value, or undefined when it can. Does not contain the secret. */
export function refusal(secret: string): string | undefined {
  const text = secret.trim()
  if (text.length < shortest) {
    return text === '' ? undefined : `a secret of ${text.length} characters is too short to be redacted`
  }
  if (common.has(text.toLowerCase())) return 'a secret that is a common word is not redacted'
  if (/^\*+$/.test(text)) return 'a secret of asterisks is not redacted'
  return undefined
}

/**
 * Every text by which a secret may show itself: as it is, each of its lines, and what JSON, Python, shells, XML, URLs and
 * base64 make of them. Each is at least `shortest` characters long.
 */
export function formsOf(secret: string): Set<string> {
  const forms = new Set<string>()
  const lines = secret.split(/\r?\n/).filter((line) => !/^-{4,}(BEGIN|END) [A-Z ]+-{4,}\s*$/.test(line))
  for (const part of [secret, secret.trim(), ...lines, ...lines.map((line) => line.trim())]) {
    if (refusal(part) !== undefined || part.trim() === '') continue
    for (const form of written(part)) if (form.length >= shortest) forms.add(form)
  }
  return forms
}

function* written(text: string): Generator<string> {
  yield text
  const json = JSON.stringify(text).slice(1, -1)
  yield json
  yield JSON.stringify(json).slice(1, -1)
  yield json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  yield text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')
  yield text.replaceAll("'", "''")
  yield text.replaceAll("'", `'\\''`)
  yield text.replaceAll("'", `'"'"'`)
  yield text.replace(/[\\$`"]/g, '\\$&')
  yield text.replace(/[^\w@%+=:,./-]/g, '\\$&')
  const xml = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  yield xml
  yield xml.replaceAll('"', '&quot;')
  yield xml.replaceAll('"', '&quot;').replaceAll("'", '&apos;')
  yield xml.replaceAll('"', '&#34;').replaceAll("'", '&#39;')
  const url = encodeURIComponent(Buffer.from(text).toString())
  yield url
  yield url.replaceAll('%20', '+')
  yield url.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  yield* base64Forms(text)
}

/** Alone, and inside a longer text at each of the three places that base64 knows. */
function* base64Forms(text: string): Generator<string> {
  for (const encoding of ['base64', 'base64url'] as const) {
    yield Buffer.from(text).toString(encoding).replace(/=+$/, '')
    for (let before = 0; before < 3; before++) {
      const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)])
      const first = Math.ceil((before * 8) / 6)
      const certain = Buffer.from(bytes)
        .toString(encoding)
        .slice(first, Math.floor((bytes.length * 8) / 6))
      if (certain.length >= 8) yield certain
    }
  }
}

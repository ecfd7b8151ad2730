/** Names that every reader takes: Linux by Rock Ridge, Windows by Joliet (64 characters), a boot loader by level 1. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}$/

/** Why a file cannot have that name; undefined where it can. */
export function nameProblem(name: string): string | undefined {
  return NAME.test(name) ? undefined : 'a name has up to 64 letters, digits, and . _ + - behind the first'
}

/**
 * Names of ISO 9660 level 1 (ECMA-119, 7.5.1 and 10.1): eight characters, a dot, three, version 1, of A-Z, 0-9 and _. Names that
 * would be the same get a number at their end.
 */
export function level1Names(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    const dot = name.lastIndexOf('.')
    const stem = plain(dot > 0 ? name.slice(0, dot) : name)
    const extension = dot > 0 ? plain(name.slice(dot + 1)).slice(0, 3) : ''
    for (let n = 0; ; n++) {
      const end = n === 0 ? '' : String(n)
      const candidate = `${stem.slice(0, 8 - end.length)}${end}.${extension};1`
      if (taken.has(candidate)) continue
      taken.add(candidate)
      return candidate
    }
  })
}

const plain = (text: string): string => text.toUpperCase().replace(/[^A-Z0-9]/g, '_')

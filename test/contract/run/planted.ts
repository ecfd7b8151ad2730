import { randomBytes } from 'node:crypto'

/** Secrets that a test plants, each known by a core that is nowhere else. */
export class Planted {
  readonly #cores = new Map<string, string>()

  /** A secret whose text is made around its core. `where` names the place for the complaint. */
  add(where: string, around: (core: string) => string = (core) => `pw-${core}`): string {
    const core = randomBytes(8).toString('hex')
    this.#cores.set(core, where)
    return around(core)
  }

  get count(): number {
    return this.#cores.size
  }

  /** Places whose secrets show themselves in a text: as they are, or inside something in base64. */
  shownIn(text: string): string[] {
    const shown = [...this.#cores].filter(([core]) => formsOf(core).some((form) => text.includes(form)))
    return shown.map(([core, where]) => {
      const at = text.indexOf(core)
      return at < 0 ? `${where} (base64)` : `${where}: …${text.slice(Math.max(0, at - 120), at + 24)}…`
    })
  }
}

function formsOf(core: string): string[] {
  const inside = [0, 1, 2].map((before) =>
    Buffer.from('x'.repeat(before) + core)
      .toString('base64')
      .slice(before === 0 ? 0 : 4, 20),
  )
  return [core, core.toUpperCase(), ...inside]
}

/** Texts that are hard to hide. */
export const shapes: readonly ((core: string) => string)[] = [
  (core) => `pw-${core}`,
  (core) => `it's "${core}" $HOME \`id\` \\n`,
  (core) => `first-${core}\nsecond-${core}\n  third: "${core}"`,
  (core) => `pässwörd-€-${core}-鍵`,
  (core) => `{"json": "${core}", 'q': [1]}`,
  (core) => `<a b="${core}">&amp;${core}</a>`,
  (core) => `with spaces ${core} and more`,
  (core) => `-----BEGIN KEY-----\n${core}${core}\n${core}==\n-----END KEY-----\n`,
  (core) => `  ${core}\t`,
  (core) => `%s\\0${core}%d#{x}`,
]

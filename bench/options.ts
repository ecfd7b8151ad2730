import { parseArgs } from 'node:util'

/** What was asked for on the command line. */
export interface Options {
  readonly quick: boolean
  readonly json: boolean
  readonly yes: boolean
  /** Empty: all. */
  readonly scenarios: readonly string[]
}

export const USAGE = `usage: npm run bench -- [--quick] [--json] [--yes] [SCENARIO…]

  --quick  fewer rounds and smaller sizes, in under three minutes; docs/benchmarks.md is left as it is
  --json   the last line of the output is one JSON object of the figures
  --yes    install missing Debian packages without asking
`

/** Throws an Error whose message is for the user. */
export function readOptions(args: readonly string[], known: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, yes: { type: 'boolean' } },
  })
  const unknown = positionals.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`no scenario is named ${unknown.join(', ')}; there are ${known.join(', ')}`)
  return {
    quick: values.quick ?? false,
    json: values.json ?? false,
    yes: values.yes ?? false,
    scenarios: positionals,
  }
}

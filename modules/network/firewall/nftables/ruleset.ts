import { ModuleFailure } from '../../../../core/module/types.ts'

/** A chain of nftables; `base` where a hook of the kernel leads into it. */
export interface NftChain {
  readonly family: string
  readonly table: string
  readonly name: string
  readonly base: { readonly hook: string; readonly type: string; readonly policy: string } | undefined
  readonly rules: readonly NftRule[]
}

export interface NftRule {
  readonly handle: number
  /** Statements, as libnftables-json(5) has them. */
  readonly expr: readonly Json[]
}

export type Json = null | string | number | boolean | readonly Json[] | { readonly [key: string]: Json }
export type JsonMap = { readonly [key: string]: Json }

export interface Ruleset {
  readonly chains: readonly NftChain[]
  /** Elements of named sets, by `setKey`. */
  readonly sets: ReadonlyMap<string, readonly Json[]>
}

export const setKey = (family: string, table: string, name: string): string => JSON.stringify([family, table, name])

export const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/** Reads the answer of `nft -j list ruleset`. Raises ModuleFailure for what is none. */
export function parseRuleset(output: string): Ruleset {
  const objects = read(output)
  const chains = new Map<string, NftChain & { rules: NftRule[] }>()
  const sets = new Map<string, readonly Json[]>()
  for (const object of objects) {
    if (!isMap(object)) continue
    const { chain, rule, set } = object
    if (isMap(chain)) {
      const [family, table, name] = texts(chain.family, chain.table, chain.name)
      const base =
        typeof chain.hook === 'string'
          ? { hook: chain.hook, type: String(chain.type), policy: String(chain.policy ?? 'accept') }
          : undefined
      chains.set(setKey(family, table, name), { family, table, name, base, rules: [] })
    }
    if (isMap(rule) && isList(rule.expr)) {
      const [family, table, name] = texts(rule.family, rule.table, rule.chain)
      const handle = Number(rule.handle)
      if (Number.isSafeInteger(handle)) chains.get(setKey(family, table, name))?.rules.push({ handle, expr: rule.expr })
    }
    if (isMap(set) && isList(set.elem)) {
      const [family, table, name] = texts(set.family, set.table, set.name)
      sets.set(setKey(family, table, name), set.elem)
    }
  }
  return { chains: [...chains.values()], sets }
}

const texts = (family: Json | undefined, table: Json | undefined, name: Json | undefined): [string, string, string] => [
  String(family),
  String(table),
  String(name),
]

function read(output: string): readonly Json[] {
  try {
    const answer = JSON.parse(output) as Json
    if (isMap(answer) && isList(answer.nftables)) return answer.nftables
  } catch {
    // Told below.
  }
  throw new ModuleFailure('cannot understand the answer of nft -j list ruleset', {
    hint: 'nft 0.9 or newer with support for JSON is needed',
  })
}

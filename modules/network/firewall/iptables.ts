/** Chains may jump into one another; the kernel refuses circles, a text does not. */
const DEEPEST = 16

/** Whether a text of `iptables-save` closes ports by itself: by the policy of INPUT, or by a rule without any condition at its end. */
export function closesByIptables(saved: string): boolean {
  const filter = /^\*filter\n([\s\S]*?)^COMMIT/m.exec(saved)?.[1] ?? ''
  const chains = new Map<string, string[]>()
  for (const [, chain, rule] of filter.matchAll(/^-A (\S+) (.*)$/gm)) {
    const rules = chains.get(chain!) ?? []
    rules.push(rule!)
    chains.set(chain!, rules)
  }
  const closes = (chain: string, depth: number): boolean =>
    (chains.get(chain) ?? []).some((rule) => {
      const target = /^(?:-m comment --comment (?:"[^"]*"|\S+) )?-[jg] (\S+)/.exec(rule)?.[1]
      if (target === 'DROP' || target === 'REJECT') return true
      return target !== undefined && depth < DEEPEST && closes(target, depth + 1)
    })
  return /^:INPUT DROP /m.test(filter) || closes('INPUT', 0)
}

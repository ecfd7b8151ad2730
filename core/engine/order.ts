/** Hosts of a play in the order that its keyword `order` asks for. */
export function ordered(hosts: readonly string[], order: string): string[] {
  const list = [...hosts]
  if (order === 'reverse_inventory') return list.reverse()
  if (order === 'sorted') return list.sort()
  if (order === 'reverse_sorted') return list.sort().reverse()
  if (order !== 'shuffle') return list
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[list[i], list[j]] = [list[j]!, list[i]!]
  }
  return list
}

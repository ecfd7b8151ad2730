import type { Change } from '../../../core/module/types.ts'

/** A definition's text without the passwords of its screens. */
export const withoutPasswords = (text: string): string => text.replace(/passwd='[^']*'/g, "passwd='…'")

/** Changes as they are shown: definitions hold passwords of screens. */
export function hidden(changes: readonly Change[]): Change[] {
  const hide = (value: Change['before'], path: string): Change['before'] =>
    typeof value !== 'string' ? value : path.endsWith('.passwd') ? '…' : withoutPasswords(value)
  return changes.map((change) => {
    const { before, after, path } = change
    return {
      ...change,
      ...(before === undefined ? {} : { before: hide(before, path) ?? null }),
      ...(typeof after === 'string' ? { after: hide(after, path) ?? null } : {}),
    }
  })
}

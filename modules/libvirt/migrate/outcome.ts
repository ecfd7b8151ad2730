import type { DomainSummary } from '../../../core/libvirt/types.ts'

/** What became of a migration, by what both sides say; the return code is not asked. */
export type Outcome =
  | { readonly verdict: 'moved'; readonly leftAtSource: boolean }
  | { readonly verdict: 'stayed'; readonly leftAtTarget: boolean; readonly killTarget: boolean }
  | { readonly verdict: 'unclear'; readonly why: string }

/**
 * Decides by the states of one VM on both sides, when no job is under way any more. Where anything is post-copy, its
 * memory is in both places; where both run, or neither, only a person can tell.
 */
export function decide(
  source: DomainSummary | undefined,
  target: DomainSummary | undefined,
  offline: boolean,
): Outcome {
  const say = (d: DomainSummary | undefined): string => (d ? `${d.state} (${d.reason})` : 'absent')
  const unclear: Outcome = { verdict: 'unclear', why: `source: ${say(source)}, destination: ${say(target)}` }
  if ([source, target].some((d) => d?.reason.startsWith('post-copy'))) return unclear
  if (source && target && source.uuid !== target.uuid) return unclear
  const off = (d: DomainSummary | undefined): boolean => d === undefined || d.state === 'shut off'
  const on = (d: DomainSummary | undefined): boolean => d?.state === 'running' || d?.state === 'blocked'
  if (offline) {
    if (!off(source) || !off(target)) return unclear
    if (target) return { verdict: 'moved', leftAtSource: source !== undefined }
    return source ? { verdict: 'stayed', leftAtTarget: false, killTarget: false } : unclear
  }
  if (off(source) && on(target)) return { verdict: 'moved', leftAtSource: source !== undefined }
  const here = on(source) || (source?.state === 'paused' && source.reason === 'user')
  if (here && off(target)) return { verdict: 'stayed', leftAtTarget: target !== undefined, killTarget: false }
  if (on(source) && target?.state === 'paused') return { verdict: 'stayed', leftAtTarget: true, killTarget: true }
  // A guest that the user had paused arrives paused.
  if (off(source) && target?.state === 'paused' && ['user', 'unknown', 'migrating'].includes(target.reason)) {
    return source?.state === 'shut off' || source === undefined
      ? { verdict: 'moved', leftAtSource: source !== undefined }
      : unclear
  }
  return unclear
}

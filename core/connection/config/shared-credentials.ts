import type { Endpoint } from '../types.ts'
import { type Credentials, credentials } from './credentials.ts'
import type { ResolvedEndpoint } from './resolved.ts'

/** For so long the files and the agent are taken to be as they were: a fleet logs in with the same keys. */
const GOOD_FOR_MS = 2000

const found = new Map<string, { until: number; credentials: Promise<Credentials> }>()

/** The credentials, looked for once for all hosts that are reached with the same ones; raises what `credentials` raises. */
export async function sharedCredentials(
  endpoint: Pick<Endpoint, 'name'>,
  resolved: ResolvedEndpoint,
): Promise<Credentials> {
  const key = keyOf(resolved)
  const now = performance.now()
  let entry = found.get(key)
  if (!entry || entry.until < now) {
    for (const [other, { until }] of found) if (until < now) found.delete(other)
    entry = { until: now + GOOD_FOR_MS, credentials: credentials(endpoint, resolved) }
    found.set(key, entry)
  }
  try {
    return await entry.credentials
  } catch {
    // The error speaks of one host: each gets its own.
    found.delete(key)
    return credentials(endpoint, resolved)
  }
}

function keyOf(resolved: ResolvedEndpoint): string {
  const { user, password, privateKeyPassphrase, privateKeyFile, identityFiles, defaultIdentityFiles } = resolved
  const { identitiesOnly, identityAgent, authentications, unsupported } = resolved
  return JSON.stringify([
    ...[user, password, privateKeyPassphrase, privateKeyFile, identityFiles, defaultIdentityFiles],
    ...[identitiesOnly, identityAgent, authentications, unsupported],
  ])
}

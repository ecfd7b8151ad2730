import { readFileSync } from 'node:fs'

/** Of package.json, which lies above both the sources and dist/. */
export const VERSION: string = findVersion()

function findVersion(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as {
        name?: string
        version?: string
      }
      if (found.name === 'virtfleet' && found.version !== undefined) return found.version
    } catch {
      // Not there: the other one is.
    }
  }
  return 'unknown'
}

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { jointReads } from '../../../../core/connection/joint.ts'
import type { Shell } from '../../../../core/connection/types.ts'
import type { Reader } from '../../../../core/module/types.ts'

/** That of busybox has the tools of busybox too. */
export const SHELLS = [['/bin/dash'], ['/bin/bash'], ['/bin/mksh'], ['/bin/busybox', 'sh']].filter(([path]) =>
  existsSync(path!),
)

/** What readers have run. */
export const scripts: string[] = []

/** A host that is this one, by a shell for each script. */
export function reader([program, ...words]: readonly string[], wantsDiff: boolean): Reader {
  const shell: Shell = {
    user: 'root',
    writes: 0,
    async run(script) {
      await setImmediate()
      const { text } = typeof script === 'function' ? script() : script
      scripts.push(text)
      const { status, stdout, stderr } = spawnSync(program!, [...words, '-c', text], { maxBuffer: 1 << 26 })
      return { status: status ?? 1, stdout, stderr, merged: false, durationMs: 0 }
    },
    close: async () => undefined,
  }
  const { signal } = new AbortController()
  const readJointly: Reader['readJointly'] = (read, item) => jointReads(shell).ask(read, item, signal, {})
  return { wantsDiff, readJointly } as unknown as Reader
}

/** Looks with a tool that does this first. */
export async function withTool<T>(
  tool: string,
  first: string,
  ask: (host: Reader) => Promise<T>,
  options: { wantsDiff: boolean } = { wantsDiff: false },
): Promise<T> {
  const bin = mkdtempSync(join(tmpdir(), 'virtfleet-bin-'))
  const { PATH } = process.env
  writeFileSync(join(bin, tool), `#!/bin/sh\nPATH=\${PATH#*:}\n${first}\nexec ${tool} "$@"\n`, { mode: 0o755 })
  try {
    process.env.PATH = `${bin}:${PATH}`
    return await ask(reader(['/bin/sh'], options.wantsDiff))
  } finally {
    process.env.PATH = PATH
    rmSync(bin, { recursive: true })
  }
}

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A socket's path may have 107 bytes, and ssh adds 17 while it makes it. */
const LONGEST = 107 - 17 - '/vf-XXXXXX/c'.length

/** Makes a private folder (0700) whose name is short enough for a control socket in it. */
export function privateFolder(): Promise<string> {
  const candidates = [process.env.XDG_RUNTIME_DIR, tmpdir()]
  const parent =
    candidates.find((path) => path?.startsWith('/') && path.length <= LONGEST && !path.includes('%')) ?? '/tmp'
  return mkdtemp(join(parent, 'vf-')).catch(() => mkdtemp('/tmp/vf-'))
}

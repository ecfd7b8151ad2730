import { createHash } from 'node:crypto'
import { sh } from '../quote.ts'
import type { CommandOptions, Shell } from '../types.ts'
import { FileError, saidBy } from './errors.ts'
import { install, type ReplaceOptions, randomName, resolveTarget, takeAttributes, verify } from './install.ts'

/**
 * Replaces a file's content, or makes a new file, in one round trip: written beside it, verified, renamed. It keeps what the
 * file has (owner, mode, ACL, SELinux context), follows a symlink, and writes in place where the file is a mount point. Raises
 * FileError when the host refuses; the old file is whole then, and nothing is left beside it.
 */
export async function replaceFile(
  shell: Shell,
  path: string,
  content: Buffer,
  options: ReplaceOptions & Pick<CommandOptions, 'signal' | 'timeoutMs'> = {},
): Promise<{ backup?: string }> {
  const sha256 = createHash('sha256').update(content).digest('hex')
  // A file that gets its mode later must not be open to others before.
  const isPrivate = options.mode !== undefined || options.owner !== undefined || options.group !== undefined
  const script = sh`${resolveTarget(path)}
n=$d.virtfleet-${randomName()}
trap 'rm -f -- "$n"' EXIT
trap 'exit 1' HUP INT TERM
u=$(umask)
if [ -e "$t" ] || [ -n ${isPrivate ? 'private' : ''} ]; then umask 077; fi
set -C
: >"$n" || exit 5
set +C
umask "$u"
${takeAttributes}
cat >"$n" || exit 5
${verify(sh`"$n"`, content.length, sha256)}
${privateMode(isPrivate, options.mode)}
${install(options)}`
  const { signal, timeoutMs } = options
  const run = { stdin: content, ...(signal && { signal }), ...(timeoutMs !== undefined && { timeoutMs }) }
  const result = await shell.run(script, run)
  if (result.status !== 0)
    throw new FileError(path, `${path} was not replaced: ${saidBy(result.merged ? result.stdout : result.stderr)}`)
  const backup = result.stdout.toString('utf8').trimEnd()
  return backup === '' ? {} : { backup }
}

/** A new file that was made private only for its owner's sake gets the user's default mode in the end. */
const privateMode = (isPrivate: boolean, mode: string | undefined) =>
  isPrivate && mode === undefined ? sh`[ -e "$t" ] || chmod -- "=rw" "$n" || exit 5` : sh``

import { isUtf8 } from 'node:buffer'
import { type ShellText, sh } from '../quote.ts'
import { PRINT } from '../shell/prelude/marks.ts'
import type { CommandOptions, CommandResult, Shell } from '../types.ts'
import { compressedContent, digestsOf } from './contents.ts'
import { FileError, saidBy } from './errors.ts'
import { install, type ReplaceOptions, randomName, resolveTarget, takeAttributes, verify } from './install.ts'

/**
 * Replaces a file's content, or makes a new file, in one round trip: written beside it, verified, renamed. What shrinks enough
 * is compressed on the way, once for all hosts that get the same Buffer. It keeps what the file has (owner, mode, ACL, SELinux context), follows a symlink, and writes in place where the file is a mount point. Raises
 * FileError when the host refuses; the old file is whole then, and nothing is left beside it.
 */
export async function replaceFile(
  shell: Shell,
  path: string,
  content: Buffer,
  options: ReplaceOptions & Pick<CommandOptions, 'signal' | 'timeoutMs'> = {},
): Promise<{ backup?: string }> {
  const { signal, timeoutMs } = options
  const send = (stdin: Buffer | undefined, unpack: ShellText): Promise<CommandResult> =>
    shell.run(script(path, content, unpack, options), {
      childless: true,
      ...(stdin && { stdin }),
      ...(signal && { signal }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    })
  let result: CommandResult | undefined
  if (isShortText(content)) result = await send(undefined, printed(content))
  else {
    const packed = await compressedContent(content)
    result = packed && (await send(packed, unzip))
    if (!result || result.status === NO_GZIP) result = await send(content, sh`cat`)
  }
  if (result.status !== 0)
    throw new FileError(path, `${path} was not replaced: ${saidBy(result.merged ? result.stdout : result.stderr)}`)
  const backup = result.stdout.toString('utf8').trimEnd()
  return backup === '' ? {} : { backup }
}

/**
 * The same as a script, for a short text that is no secret: other steps may stand in front of it and behind it. In a subshell of
 * its own, as it exits where it fails. Prints the backup's name, or an empty line.
 */
export const replaceScript = (path: string, text: string, options: ReplaceOptions = {}): ShellText =>
  script(path, Buffer.from(text), sh`printf %s ${text}`, options)

/** What the shell itself can write, without a process that decodes it or one that copies it. */
const SHORT = 16 * 1024
const isShortText = (content: Buffer): boolean => content.length < SHORT && isUtf8(content) && !content.includes(0)
const printed = (content: Buffer): ShellText => sh`${sh.raw(PRINT)}\nvf_p ${content.toString()}`

const NO_GZIP = 9
const unzip = sh`command -v gzip >/dev/null 2>&1 || exit ${NO_GZIP}
gzip -dc`

function script(path: string, content: Buffer, unpack: ShellText, options: ReplaceOptions): ShellText {
  // A file that gets its mode later must not be open to others before.
  const isPrivate = options.mode !== undefined || options.owner !== undefined || options.group !== undefined
  return sh`${resolveTarget(path)}
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
${unpack} >"$n" || exit 5
${verify(sh`"$n"`, content.length, digestsOf(content).sha256)}
${privateMode(isPrivate, options.mode)}
${install(options)}`
}

/** A new file that was made private only for its owner's sake gets the user's default mode in the end. */
const privateMode = (isPrivate: boolean, mode: string | undefined) =>
  isPrivate && mode === undefined ? sh`[ -e "$t" ] || chmod -- "=rw" "$n" || exit 5` : sh``

import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ConnectionError } from '../errors.ts'
import { sh } from '../quote.ts'
import type { Become, Connection } from '../types.ts'
import { FileError, saidBy } from './errors.ts'
import { install, type ReplaceOptions, resolveTarget, takeAttributes, verify } from './install.ts'

/** A file on the controller. */
export interface UploadSource {
  readonly size: number
  /** Hexadecimal; without it an upload that broke off starts anew. */
  readonly sha256?: string
  /** Its bytes from there on. */
  open(offset: number): Readable
}

export interface UploadOptions extends ReplaceOptions {
  readonly signal?: AbortSignal
  /** Bytes on the host so far. */
  readonly onProgress?: (bytes: number) => void
}

/**
 * Sends a large file on a channel of its own. What has arrived stays in a partial file beside the target, named by the content's hash,
 * and the next attempt goes on from there; zeros become holes where the host's dd can. Raises FileError, ConnectionError.
 */
export async function uploadLarge(
  connection: Connection,
  become: Become | undefined,
  source: UploadSource,
  path: string,
  options: UploadOptions = {},
): Promise<{ backup?: string }> {
  const name = source.sha256 ?? createHash('sha256').update(`${path}\0${source.size}`).digest('hex')
  const partial = sh`n=$d.virtfleet-${name.slice(0, 32)}.partial`
  const shell = await connection.shell(become)
  const signal = options.signal && { signal: options.signal }
  for (let attempt = 0; ; attempt++) {
    // Only a file of our own is gone on with: others could have put one there.
    const begin = await shell.run(
      sh`${resolveTarget(path)}
${partial}
if [ ! -f "$n" ] || [ -h "$n" ] || [ ! -O "$n" ] || [ -n ${source.sha256 === undefined ? 'anew' : ''} ]; then
  rm -f -- "$n"; umask 077; set -C; : >"$n" || exit 5
fi
printf '%s\n' "$(($(wc -c <"$n")))"`,
      signal,
    )
    if (begin.status !== 0) throw notReplaced(path, begin)
    const have = Number(begin.stdout.toString('utf8'))
    const offset = have > source.size ? 0 : have
    if (offset < source.size || have > source.size) await send(connection, become, source, path, name, offset, options)
    const end = await shell.run(
      sh`${resolveTarget(path)}
${partial}
trap 'rm -f -- "$n"' EXIT
if command -v truncate >/dev/null 2>&1; then truncate -s ${source.size} -- "$n" || exit 5; fi
${verify(sh`"$n"`, source.size, source.sha256)}
u=$(umask)
if [ -e "$t" ]; then
  p=$n; n=\${n}a; rm -f -- "$n"; umask 077; set -C; : >"$n" || exit 5; set +C
  ${takeAttributes}
  cp -a --attributes-only -- "$n" "$p" 2>/dev/null || { a=$(stat -c '%u:%g %a' -- "$n") && chown -- "\${a%% *}" "$p" && chmod -- "\${a##* }" "$p"; } || { rm -f -- "$n"; exit 5; }
  rm -f -- "$n"; n=$p
elif [ -n ${options.mode === undefined ? 'default' : ''} ]; then umask "$u"; chmod -- "=rw" "$n" || exit 5; fi
${install(options)}`,
      signal,
    )
    if (end.status === 0) {
      const backup = end.stdout.toString('utf8').trimEnd()
      return backup === '' ? {} : { backup }
    }
    // What was there before may have been damaged: once more from the start.
    if (end.status !== 6 || offset === 0 || attempt > 0) throw notReplaced(path, end)
  }
}

async function send(
  connection: Connection,
  become: Become | undefined,
  source: UploadSource,
  path: string,
  name: string,
  offset: number,
  options: UploadOptions,
): Promise<void> {
  const script = sh`${resolveTarget(path)}
n=$d.virtfleet-${name.slice(0, 32)}.partial
case $(dd --version 2>/dev/null) in
  *coreutils*) e=$(dd of="$n" bs=64k iflag=fullblock oflag=seek_bytes seek=${offset} conv=notrunc,sparse 2>&1); s=$?
    [ $s = 0 ] || printf '%s\n' "$e" >&2 ;;
  *) if [ ${offset} = 0 ]; then : >"$n"; fi; cat >>"$n"; s=$? ;;
esac
[ $s = 0 ] || rm -f -- "$n"
exit $s`
  const channel = await connection.open(script, {
    ...(become && { become }),
    ...(options.signal && { signal: options.signal }),
  })
  const said: Buffer[] = []
  channel.stderr.on('data', (bytes: Buffer) => {
    if (said.length < 64) said.push(bytes)
  })
  channel.stream.resume()
  let sent = offset
  const input = source.open(offset)
  input.on('data', (bytes: Buffer) => {
    sent += bytes.length
    options.onProgress?.(sent)
  })
  const piped = pipeline(input, channel.stream, { end: true }).catch((error: unknown) => error)
  const { status } = await channel.exit.finally(() => input.destroy())
  const failure = await piped
  options.signal?.throwIfAborted()
  if (status !== 0) throw new FileError(path, `${path} was not replaced: ${saidBy(Buffer.concat(said))}`)
  if (failure && sent < source.size) {
    throw new ConnectionError(
      'lost',
      connection.endpoint.name,
      `${path} was sent in part only; it is gone on with next time`,
    )
  }
}

const notReplaced = (path: string, result: { merged: boolean; stdout: Buffer; stderr: Buffer }): FileError =>
  new FileError(path, `${path} was not replaced: ${saidBy(result.merged ? result.stdout : result.stderr)}`)

import { CommandTimeout, ConnectionError, OutputTooLarge } from '../errors.ts'
import type { ShellText } from '../quote.ts'
import type { CommandOptions, CommandResult } from '../types.ts'
import { DEFAULT_MAX_OUTPUT } from './command.ts'
import { LineSplitter } from './lines.ts'
import { openCommand } from './open.ts'
import type { Started } from './start.ts'

/** A command whose input is too large for the session, on a channel of its own. */
export async function runOnChannel(
  started: Started,
  script: ShellText,
  stdin: Buffer,
  host: string,
  options: CommandOptions,
): Promise<CommandResult> {
  const since = Date.now()
  const max = options.maxOutput ?? DEFAULT_MAX_OUTPUT
  if (started.merged) {
    started.greeting.channel.close()
    throw new ConnectionError('unsupported', host, 'large input cannot pass a terminal', 'become with sudo instead')
  }
  const channel = await openCommand(started, script, { host, signal: options.signal })
  const lines = options.onLine && new LineSplitter(options.onLine)
  let failure: Error | undefined
  const fail = (error: Error): void => {
    failure ??= error
    channel.close()
  }
  const keep = (stream: 'stdout' | 'stderr'): Buffer[] => {
    const kept: Buffer[] = []
    let size = 0
    const source = stream === 'stdout' ? channel.stream : channel.stderr
    source.on('data', (bytes: Buffer) => {
      size += bytes.length
      if (size > max) fail(new OutputTooLarge(max))
      else {
        kept.push(bytes)
        lines?.feed(stream, bytes)
      }
    })
    return kept
  }
  const stdout = keep('stdout')
  const stderr = keep('stderr')
  const limit = options.timeoutMs
    ? setTimeout(() => fail(new CommandTimeout(options.timeoutMs ?? 0)), options.timeoutMs)
    : undefined
  channel.stream.end(stdin)
  try {
    const { status } = await channel.exit
    if (failure) throw failure
    lines?.flush()
    return {
      status,
      stdout: Buffer.concat(stdout),
      stderr: Buffer.concat(stderr),
      merged: started.merged,
      durationMs: Date.now() - since,
    }
  } catch (error) {
    options.signal?.throwIfAborted()
    throw failure ?? error
  } finally {
    clearTimeout(limit)
  }
}

import type { Redactor } from '../secrets/index.ts'
import type { ConnectionFlags } from './connection-flags.ts'
import { ask } from './prompt.ts'
import { secretFromFile } from './sources.ts'
import type { Streams } from './streams.ts'

export interface Passwords {
  readonly connection: string | undefined
  readonly become: string | undefined
}

/** Login and become passwords, from files or asked for; from then on they are hidden everywhere. */
export async function readPasswords(flags: ConnectionFlags, streams: Streams, redactor: Redactor): Promise<Passwords> {
  const connection = await one(flags.connectionPasswordFile, flags.askPass, 'SSH password: ', streams)
  const question = connection === undefined ? 'become password: ' : 'become password (empty: the SSH password): '
  const become =
    (await one(flags.becomePasswordFile, flags.askBecomePass, question, streams)) ||
    (flags.askBecomePass ? connection : undefined)
  for (const secret of [connection, become]) if (secret !== undefined) redactor.add(secret)
  return { connection, become }
}

async function one(
  file: string | undefined,
  prompt: boolean | undefined,
  question: string,
  streams: Streams,
): Promise<string | undefined> {
  if (file !== undefined) return secretFromFile(file)
  return prompt ? ask(streams, question, { hidden: true }) : undefined
}

import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { type FileHandle, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Asked by ssh with the prompt as its argument; prints what the controller has put into a FIFO beside it. Each secret is
 * given once, and the password only to the one it is for: a bastion asks with another name.
 */
const HELPER = `#!/bin/sh
folder=\${0%/*}
who=$(cat "$folder/who")
case $1 in
"$who's password:"* | "($who) "*) secret=password ;;
"Enter passphrase for key"*) secret=passphrase ;;
*) exit 1 ;;
esac
[ -p "$folder/$secret" ] && mkdir "$folder/$secret.given" 2>/dev/null || exit 1
IFS= read -r answer <"$folder/$secret"
printf '%s\\n' "$answer"
`

export interface Secrets {
  /** For this `user@host` only. */
  readonly password?: string
  readonly who: string
  readonly passphrase?: string
}

export interface Askpass {
  readonly environment: Readonly<Record<string, string>>
  /** Forgets the secrets. */
  close(): Promise<void>
}

/**
 * Lets ssh ask for secrets, which go through FIFOs in `folder` (private, 0700): through the kernel's memory, and neither
 * argv, environment nor disk. Raises RangeError for a secret of several lines, which ssh cannot take.
 */
export async function prepareAskpass(folder: string, secrets: Secrets): Promise<Askpass> {
  const helper = join(folder, 'askpass')
  await writeFile(helper, HELPER, { mode: 0o700 })
  await writeFile(join(folder, 'who'), `${secrets.who}\n`, { mode: 0o600 })
  const handles: FileHandle[] = []
  for (const name of ['password', 'passphrase'] as const) {
    const secret = secrets[name]
    if (secret !== undefined) handles.push(await fill(join(folder, name), name, secret))
  }
  return {
    environment: { SSH_ASKPASS: helper, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: process.env.DISPLAY ?? ':0' },
    close: async () => {
      await Promise.all(handles.map((handle) => handle.close()))
    },
  }
}

async function fill(file: string, name: string, secret: string): Promise<FileHandle> {
  if (/[\n\0]/.test(secret)) throw new RangeError(`the ${name} has a newline in it`)
  await promisify(execFile)('mkfifo', ['-m', '600', file])
  // Both directions, so that neither opening nor writing waits for the reader.
  const handle = await open(file, constants.O_RDWR | constants.O_NONBLOCK)
  await handle.write(`${secret}\n`)
  return handle
}

import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { CliError, EXIT } from './exit.ts'
import { replaceLocalFile } from './replace-file.ts'
import { type VaultFlags, vaultPasswords } from './sources.ts'
import type { Streams } from './streams.ts'

interface Flags extends VaultFlags {
  encryptVaultId?: string
  name?: string
}

/** `virtfleet vault`: files and strings in Ansible Vault's format. */
export function vaultCommand(program: Command, streams: Streams, done: (code: number) => void): void {
  const vault = program.command('vault').description('encrypt and decrypt files as ansible-vault does')
  const add = (name: string, description: string, action: (target: string, flags: Flags) => Promise<number>): Command =>
    vault
      .command(name)
      .description(description)
      .option('--vault-password-file <file...>')
      .option('--vault-id <id@source...>')
      .option('-J, --ask-vault-pass')
      .option('--encrypt-vault-id <id>')
      .action(async (target: string, flags: Flags) => done(await action(target, flags)))
  add('encrypt <file>', 'encrypt a file in place', (file, flags) => rewrite(file, flags, streams, 'encrypt'))
  add('decrypt <file>', 'decrypt a file in place', (file, flags) => rewrite(file, flags, streams, 'decrypt'))
  add('view <file>', 'print what is in an encrypted file', (file, flags) => view(file, flags, streams))
  add('encrypt-string [name]', 'encrypt the text on standard input as a YAML value', (name, flags) =>
    encryptString(name, flags, streams),
  )
}

async function openVault(flags: Flags, streams: Streams) {
  const { createRedactor, createVault } = await import('../secrets/index.ts')
  const passwords = await vaultPasswords(flags, streams, createRedactor())
  if (passwords.length === 0)
    throw new CliError('no vault password given', { hint: 'use --vault-password-file, --vault-id or --ask-vault-pass' })
  return createVault(passwords)
}

async function rewrite(file: string, flags: Flags, streams: Streams, what: 'encrypt' | 'decrypt'): Promise<number> {
  const vault = await openVault(flags, streams)
  const content = await readFile(file)
  const { isVaultText } = await import('../secrets/index.ts')
  const encrypted = isVaultText(content.toString())
  if (encrypted === (what === 'encrypt')) {
    throw new CliError(`${file} is ${encrypted ? 'already' : 'not'} encrypted`, { exitCode: EXIT.error })
  }
  const text =
    what === 'encrypt' ? await vault.encrypt(content, flags.encryptVaultId) : open(vault, content.toString(), file)
  await replaceLocalFile(file, text)
  streams.err.write(`${file}: ${what}ed\n`)
  return EXIT.ok
}

function open(vault: { decrypt(text: string): string }, text: string, file: string): string {
  try {
    return vault.decrypt(text)
  } catch (error) {
    throw new CliError(`cannot open ${file}: ${(error as Error).message}`, { exitCode: EXIT.error })
  }
}

async function view(file: string, flags: Flags, streams: Streams): Promise<number> {
  const vault = await openVault(flags, streams)
  streams.out.write(open(vault, (await readFile(file)).toString(), file))
  return EXIT.ok
}

async function encryptString(name: string | undefined, flags: Flags, streams: Streams): Promise<number> {
  const vault = await openVault(flags, streams)
  const chunks: Buffer[] = []
  for await (const chunk of streams.in) chunks.push(Buffer.from(chunk as Buffer))
  const text = await vault.encrypt(Buffer.concat(chunks), flags.encryptVaultId)
  const indent = name === undefined ? '' : '  '
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => indent + line)
  streams.out.write(`${name === undefined ? '' : `${name}: `}!vault |\n${lines.join('\n')}\n`)
  return EXIT.ok
}

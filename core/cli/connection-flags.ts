import { type Command, Option } from 'commander'
import type { VaultFlags } from './sources.ts'

/** Options of how hosts are found and reached, the same for every verb that does. */
export interface ConnectionFlags extends VaultFlags {
  inventory?: string[]
  extraVars?: string[]
  user?: string
  privateKey?: string
  connection?: string
  sshCommonArgs?: string
  hostKeyChecking?: 'strict' | 'accept-new' | 'off'
  askPass?: boolean
  connectionPasswordFile?: string
  become?: boolean
  becomeMethod?: string
  becomeUser?: string
  askBecomePass?: boolean
  becomePasswordFile?: string
}

/** Gathers an option that may be given again. */
export const collect = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text]

/** Adds those of login, become and vault; `become`: what another user is for. */
export function addConnectionOptions(command: Command, options: { become: string }): Command {
  return command
    .option('-u, --user <name>', 'user to log in as')
    .option('--private-key <file>', 'key to log in with')
    .addOption(new Option('-c, --connection <kind>', 'how to connect').choices(['ssh', 'openssh', 'local']))
    .option('--ssh-common-args <args>', 'more arguments for ssh')
    .addOption(new Option('--host-key-checking <policy>', 'unknown host keys').choices(['strict', 'accept-new', 'off']))
    .option('-k, --ask-pass', 'ask for the login password')
    .option('--connection-password-file <file>')
    .option('-b, --become', options.become)
    .addOption(new Option('--become-method <method>').choices(['sudo', 'su', 'doas']))
    .option('--become-user <name>')
    .option('-K, --ask-become-pass', 'ask for the password of sudo, su or doas')
    .option('--become-password-file <file>')
    .option('--vault-password-file <file>', 'file with a vault password (again for more)', collect)
    .option('--vault-id <id@source>', 'vault password by id; source is a file or prompt (again for more)', collect)
    .option('-J, --ask-vault-pass', 'ask for the vault password')
}

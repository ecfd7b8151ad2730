import { type Command, InvalidArgumentError, Option } from 'commander'
import type { RunFlags } from '../run-flags.ts'
import type { VaultFlags } from '../sources.ts'

/** Options of every verb of `virtfleet vm`, which mean what they mean for `virtfleet run`. */
export type FleetFlags = Pick<
  RunFlags,
  | keyof VaultFlags
  | 'inventory'
  | 'extraVars'
  | 'user'
  | 'privateKey'
  | 'connection'
  | 'sshCommonArgs'
  | 'hostKeyChecking'
  | 'askPass'
  | 'connectionPasswordFile'
  | 'become'
  | 'becomeMethod'
  | 'becomeUser'
  | 'askBecomePass'
  | 'becomePasswordFile'
> & {
  /** In seconds. */
  connectTimeout?: number
}

/** Of verbs that print data. */
export interface DataFlags extends FleetFlags {
  output: 'table' | 'json'
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('it must be a whole number')
  return Number(text)
}

const collect = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text]

const EXIT_CODES = `
Exit codes:
  0   done, or already so
  1   no such VM, or its name is on several hosts
  2   it was not done: the VM's state, or libvirt, stands against it
  4   a host could not be reached, or a file could not be parsed
  5   the command line is wrong
  99  interrupted, or not confirmed`

/** Adds what finds and reaches hosts. `data`: the verb prints data. */
export function addFleetOptions(command: Command, options: { data: boolean }): Command {
  if (options.data) {
    const output = new Option('--output <format>', 'for people or for programs').choices(['table', 'json'])
    command.addOption(output.default('table'))
  }
  return command
    .option('-i, --inventory <source>', 'file, folder, script, or host1,host2, (again for more)', collect)
    .option('-e, --extra-vars <vars>', 'key=value …, JSON or YAML, or @file (again for more)', collect)
    .option('-u, --user <name>', 'user to log in as')
    .option('--private-key <file>', 'key to log in with')
    .addOption(new Option('-c, --connection <kind>', 'how to connect').choices(['ssh', 'openssh', 'local']))
    .option('-T, --connect-timeout <seconds>', 'for one attempt to connect', wholeNumber)
    .option('--ssh-common-args <args>', 'more arguments for ssh')
    .addOption(new Option('--host-key-checking <policy>', 'unknown host keys').choices(['strict', 'accept-new', 'off']))
    .option('-k, --ask-pass', 'ask for the login password')
    .option('--connection-password-file <file>')
    .option('-b, --become', 'speak to libvirt as another user')
    .addOption(new Option('--become-method <method>').choices(['sudo', 'su', 'doas']))
    .option('--become-user <name>')
    .option('-K, --ask-become-pass', 'ask for the password of sudo, su or doas')
    .option('--become-password-file <file>')
    .option('--vault-password-file <file>', 'file with a vault password (again for more)', collect)
    .option('--vault-id <id@source>', 'vault password by id; source is a file or prompt (again for more)', collect)
    .option('-J, --ask-vault-pass', 'ask for the vault password')
    .addHelpText('after', EXIT_CODES)
}

import { type Command, InvalidArgumentError, Option } from 'commander'
import { addConnectionOptions, type ConnectionFlags, collect } from '../connection-flags.ts'

/** Options of every verb of `virtfleet vm`, which mean what they mean for `virtfleet run`. */
export interface FleetFlags extends ConnectionFlags {
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
  command
    .option('-i, --inventory <source>', 'file, folder, script, or host1,host2, (again for more)', collect)
    .option('-e, --extra-vars <vars>', 'key=value …, JSON or YAML, or @file (again for more)', collect)
    .option('-T, --connect-timeout <seconds>', 'for one attempt to connect', wholeNumber)
  return addConnectionOptions(command, { become: 'speak to libvirt as another user' }).addHelpText('after', EXIT_CODES)
}

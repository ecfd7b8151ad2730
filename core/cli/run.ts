import type { Command } from 'commander'
import { addRunOptions, type RunFlags } from './run-flags.ts'
import type { Streams } from './streams.ts'

/** `virtfleet run`: playbooks over hosts. */
export function runCommand(program: Command, streams: Streams, done: (code: number) => void): void {
  addRunOptions(
    program.command('run <playbook...>').description('run playbooks over the hosts of an inventory'),
  ).action(async (playbooks: string[], flags: RunFlags) => {
    const { runPlaybooks } = await import('./run-playbooks.ts')
    done(await runPlaybooks(playbooks, flags, streams))
  })
}

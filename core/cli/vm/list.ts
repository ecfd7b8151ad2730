import { setTimeout as delay } from 'node:timers/promises'
import { addressesOf, reachable } from '../../fleet/addresses.ts'
import { type FleetVm, type HostAnswer, isSilent } from '../../fleet/vms.ts'
import { nameTest } from '../../inventory/glob.ts'
import { LiveBlock } from '../../report/live.ts'
import { printDiagnostics } from '../diagnostics.ts'
import { CliError, EXIT } from '../exit.ts'
import { type Streams, terminalOf } from '../streams.ts'
import type { DataFlags } from './flags.ts'
import { type FleetView, fittedLines, listDocument, listLines, noteLines, viewOf } from './list-view.ts'
import { type OpenFleet, UNREACHABLE, withFleet } from './open.ts'
import { printJson, printLines, tell } from './print.ts'
import { untilInterrupted } from './until-interrupted.ts'

export interface ListFlags extends DataFlags {
  host?: string
  limit?: string
  ip?: boolean
  live?: boolean
  interval: number
}

/** `virtfleet vm list`. */
export function listVms(pattern: string | undefined, flags: ListFlags, streams: Streams): Promise<number> {
  if (flags.live && (flags.output === 'json' || !streams.out.isTTY))
    throw new CliError('--live draws on a terminal', { hint: 'leave it out for programs and files' })
  return withFleet(flags, streams, async (open) => {
    const hosts = hostsOf(open, flags)
    const wanted = pattern === undefined ? () => true : nameTest(pattern)
    const look = async (): Promise<FleetView> => {
      const answers = await open.fleet.ask(hosts)
      return viewOf(answers, wanted, flags.ip ? await addresses(open, answers, wanted) : undefined)
    }
    const view = flags.live ? await watch(open, look, flags.interval * 1000) : await look()
    if (flags.output === 'json') printJson(open, listDocument(view))
    else {
      printLines(open, listLines(view))
      for (const line of noteLines(view)) tell(open, line)
    }
    return view.silent.length > 0 ? UNREACHABLE : EXIT.ok
  })
}

function hostsOf({ inventory, streams, redactor }: OpenFleet, flags: ListFlags): string[] {
  const { hosts, diagnostics } = inventory.match(flags.host ?? 'all', flags.limit)
  printDiagnostics(diagnostics, streams, { redact: (text) => redactor.text(text) })
  if (hosts.length > 0) return hosts
  throw new CliError('no host matches', { exitCode: EXIT.error, hint: 'see virtfleet inventory --list' })
}

/** Of those that run: of leases and, without one, of the host's ARP table. */
async function addresses(
  { fleet }: OpenFleet,
  answers: readonly HostAnswer[],
  wanted: (name: string) => boolean,
): Promise<Map<FleetVm, readonly string[]>> {
  const vms = answers.flatMap((one) => (isSilent(one) ? [] : one.vms))
  const running = vms.filter((vm) => vm.state === 'running' && wanted(vm.name))
  const found = await Promise.all(
    running.map(async (vm) => addressesOf(await fleet.host(vm.host), vm.uuid, ['lease', 'arp'])),
  )
  return new Map(running.map((vm, i) => [vm, reachable(found[i]?.addresses ?? [])]))
}

/** Lines of a terminal that are not the list's: the footer, and those that LiveBlock leaves free. */
const BELOW = 4

/** Draws the list anew until Ctrl-C; answers with the last one. */
async function watch(open: OpenFleet, look: () => Promise<FleetView>, intervalMs: number): Promise<FleetView> {
  const terminal = terminalOf(open.streams.out)
  const block = new LiveBlock(terminal)
  let view = await look()
  try {
    await untilInterrupted(async (signal) => {
      const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      while (!signal.aborted) {
        const lines = fittedLines(view, (terminal.rows ?? 24) - BELOW)
        const footer = ['', `every ${intervalMs / 1000} s; Ctrl-C ends`]
        block.update([...lines, ...footer].map((text) => ({ text: open.redactor.text(text) })))
        await delay(intervalMs, undefined, { signal }).catch(() => undefined)
        // A look at a host that hangs is not waited for.
        if (!signal.aborted) view = await Promise.race([look(), ended.then(() => view)])
      }
    })
  } finally {
    block.close()
  }
  return view
}

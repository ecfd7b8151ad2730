import { sh } from '../../../../core/connection/quote.ts'
import { LibvirtError, LibvirtLost, LibvirtNotAsked } from '../../../../core/libvirt/types.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'
import { execute, exitOf } from './agent.ts'
import type { Guest, Guests } from './guests.ts'
import { complaint, consoleComplaint } from './verdict.ts'

/*
 * Who tells that cloud-init has ended: the guest's agent, by running `cloud-init status --wait`; where it may not run programs, or is not there,
 * the console that libvirt keeps (cloud-init's final_message and its warnings go there). Nothing else is asked for: no key of the
 * guest's users, and nothing is added to its seed.
 */

/** Between two questions to an agent whether the program has ended, and two looks into consoles. */
const PROGRAM_MS = 1000
const CONSOLE_MS = 3000
/** Lines of cloud-init on a console that are looked at. */
const LINES = 400

/** What is under way with one guest. */
interface Asking {
  ended: boolean
  /** The program that waits in the guest. */
  pid?: number
  /** Why its agent is of no use. */
  mute?: string
}

/** Waits until cloud-init has ended in each guest; one in which it did not end well has failed. */
export async function waitForCloudInit(guests: Guests): Promise<void> {
  const asking = new Map(guests.all.map((guest): [Guest, Asking] => [guest, { ended: false }]))
  const of = (guest: Guest): Asking => asking.get(guest)!
  const byAgent = (guest: Guest): boolean => guest.agent === 'connected' && of(guest).mute === undefined
  let consoles = 0
  await guests.until(
    (guest) => of(guest).ended,
    async (missing) => {
      const turn = Date.now() - consoles >= CONSOLE_MS
      if (turn) consoles = Date.now()
      const logged = turn ? missing.filter((guest) => !byAgent(guest) && guest.consoleLog !== undefined) : []
      await Promise.all([
        readConsoles(guests, logged, of),
        ...missing.filter(byAgent).map((guest) => askAgent(guests, guest, of(guest))),
      ])
      for (const guest of missing) if (!hopeful(guest, of(guest))) guest.failure ??= hopeless(of(guest))
      const ended = guests.left.filter((guest) => of(guest).ended).length
      guests.host.progress(`cloud-init has ended in ${ended} of ${guests.all.length} VMs`)
    },
    {
      pollMs: () =>
        guests.left.some((guest) => !of(guest).ended && of(guest).pid !== undefined) ? PROGRAM_MS : CONSOLE_MS,
      unwatchedMs: CONSOLE_MS,
      late: (guest) => `cloud-init has not ended in time: ${standing(guest, of(guest))}`,
      hint: 'wait_timeout is for all that is waited for',
    },
  )
}

async function askAgent({ host }: Guests, guest: Guest, asked: Asking): Promise<void> {
  try {
    if (asked.pid === undefined)
      asked.pid = await execute(host, guest.name, 'cloud-init', ['status', '--wait', '--long'])
    const exit = await exitOf(host, guest.name, asked.pid)
    if (!exit) return
    end(guest, asked, complaint(exit.output, exit.code, guest.seeded))
  } catch (error) {
    if (!(error instanceof LibvirtError) || error instanceof LibvirtLost || error instanceof LibvirtNotAsked)
      throw error
    delete asked.pid
    if (/Failed to execute child process/.test(error.message)) end(guest, asked, 'there is no cloud-init in the guest')
    else if (/guest-exec\S* has (?:been disabled|not been found)|not allowed/.test(error.message))
      asked.mute = error.message
    // It went away with a reboot of the guest, say, and an event tells when it is back.
    else guest.stale = true
  }
}

/** What cloud-init has said on all these consoles, in one round trip. */
async function readConsoles({ host }: Guests, logged: readonly Guest[], of: (guest: Guest) => Asking): Promise<void> {
  if (logged.length === 0) return
  const each = logged.map(
    ({ consoleLog = '' }, i) =>
      sh`if grep -aqs 'Cloud-init v\\. .* finished at' ${consoleLog}; then echo ended ${i}; grep -a 'cloud-init\\[' ${consoleLog} | cut -c1-400 | tail -n ${LINES} | sed ${`s/^/said ${i} /`}; fi`,
  )
  const lines = (await host.read(sh.join([...each, sh`true`]))).stdout.toString().split('\n')
  for (const [i, guest] of logged.entries()) {
    if (!lines.includes(`ended ${i}`)) continue
    const said = lines.flatMap((line) => (line.startsWith(`said ${i} `) ? line.slice(`said ${i} `.length) : []))
    end(guest, of(guest), consoleComplaint(said))
  }
}

function end(guest: Guest, asked: Asking, problem: string | undefined): void {
  asked.ended = true
  if (problem !== undefined) guest.failure = new ModuleFailure(problem, { hint: 'the VM is left as it is' })
}

/** Whether somebody will tell. */
const hopeful = (guest: Guest, { ended, mute }: Asking): boolean =>
  ended || guest.consoleLog !== undefined || (guest.agent !== 'none' && mute === undefined)

const hopeless = ({ mute }: Asking): ModuleFailure =>
  new ModuleFailure(`nothing tells when cloud-init has ended: ${mute ?? 'it has no channel of a guest agent'}`, {
    hint: 'a console that libvirt keeps tells it too: variables: {console_log: true} of the shipped template, at the next start',
  })

function standing(guest: Guest, { pid, mute }: Asking): string {
  if (pid !== undefined) return 'it is at work'
  const console = guest.consoleLog === undefined ? 'libvirt keeps no console of it' : 'its console tells of no end'
  return `${mute ?? 'no guest agent has answered'}, and ${console}`
}

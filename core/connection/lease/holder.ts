import { hostname, userInfo } from 'node:os'
import * as z from 'zod'

/** Who works on a host. */
export interface LeaseHolder {
  readonly user: string
  /** Name of the machine the run was started on. */
  readonly controller: string
  readonly pid: number
  readonly run: string
  /** ISO 8601, by the controller's clock. */
  readonly since: string
}

/** What a host says is data of a stranger's: short, and without characters a terminal would obey. */
function schema(): z.ZodType<LeaseHolder> {
  const text = z
    .string()
    .max(200)
    .transform((value) => value.replace(/\p{C}/gu, '?'))
  return z.object({ user: text, controller: text, pid: z.int(), run: text, since: z.iso.datetime() })
}

/** This process, from now on. */
export function thisHolder(run: string): LeaseHolder {
  return { user: userInfo().username, controller: hostname(), pid: process.pid, run, since: new Date().toISOString() }
}

/** One line. */
export function writeHolder(holder: LeaseHolder): string {
  return JSON.stringify(holder).replace(/\p{C}/gu, '?')
}

/** Undefined for a line that is none, such as that of a holder that has not yet written. */
export function readHolder(line: string): LeaseHolder | undefined {
  try {
    const said: unknown = JSON.parse(line)
    return schema().parse(said)
  } catch {
    return undefined
  }
}

/** `kvm1 is in use by anna@ctl (run 42, since 2026-11-20 08:15:03 UTC)`. */
export function inUse(host: string, holder: LeaseHolder | undefined): string {
  return `${host} is in use by ${named(holder)}`
}

/** `what anna@ctl (run 42, since …) has left running on kvm1 is still at work`. */
export function stillAtWork(host: string, holder: LeaseHolder | undefined): string {
  return `what ${named(holder)} has left running on ${host} is still at work`
}

function named(holder: LeaseHolder | undefined): string {
  if (!holder) return 'another run'
  const since = holder.since.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')
  return `${holder.user}@${holder.controller} (run ${holder.run}, since ${since})`
}

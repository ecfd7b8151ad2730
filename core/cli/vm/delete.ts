import { FleetError } from '../../fleet/errors.ts'
import { removalFacts } from '../../fleet/removal/facts.ts'
import { type RemovalPlan, removalPlan } from '../../fleet/removal/plan.ts'
import { removeVm } from '../../fleet/removal/remove.ts'
import { EXIT } from '../exit.ts'
import type { Streams } from '../streams.ts'
import { demandConsent } from './consent.ts'
import { planDocument, planLines } from './delete-view.ts'
import type { DataFlags } from './flags.ts'
import { withFleet } from './open.ts'
import { printJson, tell } from './print.ts'
import { untilInterrupted } from './until-interrupted.ts'

export interface DeleteFlags extends DataFlags {
  disks?: boolean
  force?: boolean
  yes?: boolean
  plan?: boolean
}

/** `virtfleet vm delete`. */
export function remove(name: string, flags: DeleteFlags, streams: Streams): Promise<number> {
  return withFleet(flags, streams, async (open) => {
    const found = await open.fleet.find(name, 'change')
    const { vm } = found
    const title = `${vm.name}@${vm.host}`
    const look = async (): Promise<RemovalPlan> =>
      removalPlan(await removalFacts(open.fleet, found, flags.disks ?? false))
    const plan = await look()
    if (flags.output === 'table' || !flags.plan) for (const line of planLines(title, plan)) tell(open, line)
    if (flags.plan) {
      if (flags.output === 'json') printJson(open, planDocument(vm, plan, false))
      return EXIT.ok
    }
    if (plan.running && !flags.force)
      throw new FleetError('refused', `VM '${vm.name}' is ${plan.state}`, {
        hint: `virtfleet vm stop ${title}, or --force to cut it off`,
      })
    await demandConsent(open, flags, `Delete ${title}?`)
    // Somebody may have taken their time to answer.
    if (JSON.stringify(await look()) !== JSON.stringify(plan))
      throw new FleetError('refused', `VM '${vm.name}' has changed meanwhile; nothing was deleted`, {
        hint: 'look again',
      })
    // Interrupted once, it is finished all the same: nothing stays half done.
    await untilInterrupted(() => removeVm(found, plan))
    if (flags.output === 'json') printJson(open, planDocument(vm, plan, true))
    else tell(open, `${title}: deleted`)
    return EXIT.ok
  })
}

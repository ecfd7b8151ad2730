import { expect } from 'chai'
import { ModuleFailure } from '../../../../core/module/types.ts'

/** The interface that leads to us, with its addresses and default route, in one line each. */
export const ROUTE = `ip -o -4 addr show scope global | awk '{print $2, $4}' | sort; ip -4 route show default | sed 's/ onlink//; s/ proto [a-z]*//; s/ metric [0-9]*//; s/ *$//'`

/** Where the lab's containers have their default route, by their address. */
export const gatewayOf = (address: string): string => address.replace(/\d+$/, '2')

/** The ModuleFailure that this ends with; anything else fails the test. */
export async function rejected(work: Promise<unknown>): Promise<ModuleFailure> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).to.be.instanceOf(ModuleFailure)
  return error as ModuleFailure
}

import { expect } from 'chai'
import { startWarmUpHost } from '../../../build/warm-up-host.ts'
import type { JsonObject } from '../../../core/events/json.ts'
import { endpointOf } from '../../../core/inventory/endpoint.ts'
import { loadInventory } from '../../../core/inventory/index.ts'

describe('the host that the build learns from', () => {
  it('is reached by ssh2, as most hosts are: what the build does not run, every run has to compile', async () => {
    const host = await startWarmUpHost()
    try {
      const { inventory, diagnostics } = await loadInventory([host.inventory])
      expect(diagnostics).to.deep.equal([])
      const names = inventory.match('all').hosts
      expect(names).to.have.lengthOf(3)
      for (const name of names) {
        const variables = inventory.layers(name).flatMap((layer) => [...layer.variables])
        expect(endpointOf(name, Object.fromEntries(variables) as JsonObject).transport).to.equal('ssh')
      }
    } finally {
      await host.close()
    }
  })
})

import { expect } from 'chai'
import type { z } from 'zod'
import { type ConnectionPool, connectionPool } from '../../../../../core/connection/index.ts'
import type { Json, JsonObject } from '../../../../../core/events/json.ts'
import type { FactStore, Host } from '../../../../../core/module/types.ts'
import setup from '../../../../../modules/system/setup.ts'
import { drivenHost } from '../../../../contract/module-driver.ts'

describe('facts that are kept between runs', () => {
  const pool: ConnectionPool = connectionPool()
  let host: Host
  let saved: { text: string; savedMs: number } | undefined

  before(async () => {
    host = await drivenHost(pool, {
      name: 'here',
      transport: 'local',
      address: '',
      hostKeys: { policy: 'strict' },
      useSshConfig: false,
    })
  })
  after(() => pool.closeAll())

  /** One run of the module: its facts, and how often it went to the host. */
  async function gather(age: number, input: Json): Promise<{ facts: JsonObject; trips: number }> {
    const factStore: FactStore = {
      age,
      load: async () => saved,
      save: async (text) => {
        saved = { text, savedMs: Date.now() }
      },
    }
    const shell = await (await host.connection()).shell()
    const before = shell.writes
    const args = (setup.args as z.ZodType).parse(input) as Parameters<typeof setup.probe>[1]
    const state = await setup.probe({ ...host, factStore }, args)
    return { facts: setup.result(state, args).ansible_facts as JsonObject, trips: shell.writes - before }
  }

  it('are read once, and then only what is missing or too old', async () => {
    const hour = 3_600_000
    const first = await gather(hour, { gather_subset: ['min'] })
    expect(first.trips).to.equal(1)
    expect(first.facts).to.include.keys('ansible_kernel').and.not.include.keys('ansible_memtotal_mb')
    const second = await gather(hour, { gather_subset: ['min'] })
    expect(second).to.deep.equal({ facts: first.facts, trips: 0 })
    const third = await gather(hour, { gather_subset: ['min', 'hardware'] })
    expect(third.trips).to.equal(1)
    expect(third.facts).to.include.keys('ansible_kernel', 'ansible_memtotal_mb')
    expect(third.facts.ansible_date_time, 'the minimum was not read again').to.deep.equal(first.facts.ansible_date_time)
    expect((await gather(hour, {})).trips, 'network and virtual').to.equal(1)
    expect((await gather(hour, {})).trips).to.equal(0)
    expect((await gather(-1, { gather_subset: ['min'] })).trips, 'too old').to.equal(1)
    expect((await gather(hour, { filter: ['kernel'] })).facts).to.have.keys('ansible_kernel')
  })

  it('are read again where the text is broken', async () => {
    saved = { text: '{"ansible_kernel":', savedMs: Date.now() }
    expect((await gather(1e9, { gather_subset: ['min'] })).trips).to.equal(1)
    expect((await gather(1e9, { gather_subset: ['min'] })).trips).to.equal(0)
  })
})

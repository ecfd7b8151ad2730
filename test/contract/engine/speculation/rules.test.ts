import { expect } from 'chai'
import { DANGERS, HANGS } from './dangers.ts'
import { testModules } from './modules.ts'
import { difference } from './observed.ts'
import { World } from './world.ts'

describe('speculation: its rules', function () {
  this.timeout(300_000)
  let world: World

  before(async () => {
    world = await World.open(await testModules())
  })
  after(() => world.close())

  for (const { name, rule, scene } of DANGERS) {
    it(`${name}${rule ? ` (${rule})` : ''}`, async () => {
      const { RULES } = await import('../../../../core/engine/speculation/rules.ts')
      const plain = await world.run(scene, { window: 0 })
      expect(difference(plain, await world.run(scene, {}))).to.equal(undefined)
      if (rule === undefined) return
      const rules = new Set(RULES.filter((one) => one !== rule))
      // A machine under load may not get to run ahead.
      let differs: string | undefined
      for (let tries = 0; differs === undefined && tries < 3; tries++)
        differs = difference(plain, await world.run(scene, { rules }))
      expect(differs, `without ${rule}`).to.not.equal(undefined)
    })
  }

  it('a probe that hangs ahead of its turn does not hold up what comes before it', async () => {
    const began = performance.now()
    const plain = await world.run(HANGS(), { window: 0 })
    expect(difference(plain, await world.run(HANGS(), {}))).to.equal(undefined)
    expect(performance.now() - began).to.be.below(45_000)
  })

  it('each has a playbook that needs it', async () => {
    const { RULES } = await import('../../../../core/engine/speculation/rules.ts')
    expect([...new Set(DANGERS.flatMap(({ rule }) => rule ?? []))].sort()).to.deep.equal([...RULES].sort())
  })
})

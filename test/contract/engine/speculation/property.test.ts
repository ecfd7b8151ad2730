import fc from 'fast-check'
import { stringify } from 'yaml'
import { testModules } from './modules.ts'
import { difference } from './observed.ts'
import { scenes } from './programs.ts'
import { type Scene, type Seen, World } from './world.ts'

/** More of them: VIRTFLEET_SPECULATION_RUNS; the same again: VIRTFLEET_SEED. What decides over a change is the same every time. */
const RUNS = Number(process.env.VIRTFLEET_SPECULATION_RUNS ?? 30)
const given = process.env.VIRTFLEET_SEED ?? (process.env.CI ? '20261121' : undefined)
const seed = given === undefined ? {} : { seed: Number(given) }

/** What a task of a rescue says that may have to run. */
const MAY_FAIL = 'runs only if task'

/**
 * Whether the outcome does not depend on which host is faster: in check mode what is not decided on one host casts doubt on what others
 * find behind it, and under a free strategy nothing says who is behind whom.
 */
function isDefined({ plays, check }: Scene, { undecided }: Seen): boolean {
  const isFree = (plays as readonly { strategy?: string }[]).some(({ strategy }) => strategy === 'free')
  return !(check && isFree && Object.values(undecided as Record<string, number>).some((tasks) => tasks > 0))
}

/** What a person needs to see of a scene that failed. */
function shown({ plays, files = {}, check, gone }: Scene): string {
  const others = Object.entries(files).filter(([name]) => /inc|role/.test(name) || !name.startsWith('ctl/'))
  return `${check ? '# check\n' : ''}${gone ? '# with a host that nobody reaches\n' : ''}${stringify(plays)}\n${others.map(([name, text]) => `# ${name}\n${text}`).join('\n')}`
}

describe('speculation: random playbooks', function () {
  this.timeout(Math.max(120_000, RUNS * 2000))
  let world: World

  before(async () => {
    world = await World.open(await testModules())
  })
  after(() => world.close())

  it('gives what one task at a time gives', () =>
    fc.assert(
      fc.asyncProperty(
        scenes,
        fc.oneof(fc.constant(undefined), fc.integer({ min: 1, max: 32 })),
        async (scene, window) => {
          const plain = await world.run(scene, { window: 0 })
          fc.pre(isDefined(scene, plain))
          const ahead = await world.run(scene, window === undefined ? {} : { window })
          const differs = difference(plain, ahead)
          if (differs === undefined) return
          const again = difference(plain, await world.run(scene, { window: 0 }))
          const note = again === undefined ? '' : '\n(it differs from run to run without speculation, too)'
          throw new Error(`${differs}${note}\n${shown(scene)}`)
        },
      ),
      {
        numRuns: RUNS,
        ...seed,
      },
    ))

  it('asks hosts nothing else, where nothing is changed', () =>
    fc.assert(
      fc.asyncProperty(scenes, async (given) => {
        const scene = { ...given, check: true }
        const plain = await world.run(scene, { window: 0 })
        fc.pre(isDefined(scene, plain))
        // Behind a failure, and behind one that may come, there are tasks whose turn never comes.
        fc.pre(
          Object.values(plain.stats).every((one) => one.failed + one.unreachable + one.rescued + one.ignored === 0),
        )
        fc.pre(
          !Object.values(plain.hosts)
            .flat()
            .some((line) => line.includes(MAY_FAIL)),
        )
        const asked = new Set(plain.scripts)
        const ahead = await world.run(scene, {})
        const more = ahead.scripts.find((one) => !asked.has(one))
        if (more !== undefined) throw new Error(`${more}\n${shown(scene)}`)
      }),
      { numRuns: Math.ceil(RUNS / 4), ...seed },
    ))
})

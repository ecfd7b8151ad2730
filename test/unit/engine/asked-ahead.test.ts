import { expect } from 'chai'
import { play, program, runText } from './harness.ts'
import { withModules } from './modules.ts'

const HOSTS = 24

/** One that counts its looks at each host, and changes some of the hosts. */
async function counting(changes: (host: string) => boolean) {
  const { arg, defineState } = await program()
  const { sh } = await import('../../../core/connection/index.ts')
  const looks = new Map<string, number>()
  const done = new Set<string>()
  const module = defineState({
    name: 'counting',
    summary: 'Counts',
    args: arg.object({}),
    returns: {},
    examples: '- counting:',
    async probe(host) {
      looks.set(host.name, (looks.get(host.name) ?? 0) + 1)
      await host.read(sh`:`)
      return !changes(host.name) || done.has(host.name)
    },
    diff: (isDone) => (isDone ? [] : [{ path: 'it', after: 'done', effect: 'now' }]),
    async apply(host) {
      done.add(host.name)
      await host.run(sh`:`, { childless: true })
      return {}
    },
    result: () => ({}),
  })
  return { module, looks }
}

async function looksOf(changes: (host: string) => boolean): Promise<Map<string, number>> {
  const { module, looks } = await counting(changes)
  const names = Array.from({ length: HOSTS }, (_, i) => `h${i + 1}`)
  const hosts = `[all:vars]\nansible_connection=local\n[all]\n${names.join('\n')}\n`
  const text = play('- stat: path=/etc\n- stat: path=/usr\n- counting:\n', 'hosts: all')
  const ran = await runText(text, { hosts, registry: await withModules(module) })
  expect(ran.exitCode).to.equal(0)
  return looks
}

describe('what was asked of many hosts ahead', () => {
  it('holds while one of them changes in the same task', async () => {
    const looks = await looksOf((host) => host === 'h1')
    expect(looks.size).to.equal(HOSTS)
    // The second one verifies the change.
    for (const [host, count] of looks) expect(count, host).to.equal(host === 'h1' ? 2 : 1)
  })

  it('holds while all of them change', async () => {
    for (const [host, count] of await looksOf(() => true)) expect(count, host).to.equal(2)
  })

  it('is not what others of the same task have set: all begin it together', async () => {
    const names = Array.from({ length: HOSTS }, (_, i) => `h${i + 1}`)
    const lines = names.map((name, i) => `${name} index=${i} before=${names.at(i - 1)}`)
    const hosts = `[all:vars]\nansible_connection=local\n[all]\n${lines.join('\n')}\n`
    const text = play(
      '- set_fact: v="{{ index }}"\n- set_fact: v="{{ hostvars[before].v }}"\n- debug: msg="{{ v }}"\n',
      'hosts: all',
    )
    const ran = await runText(text, { hosts })
    expect(names.map((name) => Number(ran.messages(name).at(-1)))).to.deep.equal(
      names.map((_, i) => (i + HOSTS - 1) % HOSTS),
    )
  })
})

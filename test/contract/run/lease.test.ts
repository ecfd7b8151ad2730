import { expect } from 'chai'
import { eventually, openRunLab, type RunLab } from './lab.ts'

/* Two runs and one host: the second waits, and is told for whom. */

const HOLD = '- hosts: all\n  gather_facts: false\n  tasks:\n    - command: sleep 30\n'
const LOOK = '- hosts: all\n  gather_facts: false\n  tasks:\n    - {name: look, stat: path=/}\n'
const QUICK = '- hosts: all\n  gather_facts: false\n  tasks:\n    - {name: quick, command: uname}\n'

describe('the lease of a host', () => {
  let lab: RunLab
  let one: string

  before(async () => {
    lab = await openRunLab()
    one = await lab.inventoryOf('one.yml', { [lab.machines[0].name]: {} })
  })
  after(() => lab.close())

  const hold = async () => {
    const run = lab.work.start(['run', '-i', one, await lab.work.file('hold.yml', HOLD)])
    const held = await eventually(async () => (await lab.native(lab.machines[0], 'pgrep -xf "sleep 30"')) !== '')
    expect(held, run.said()).to.equal(true)
    return run
  }

  it('is waited for: the second run says who has the host, and goes on when it is free', async () => {
    const first = await hold()
    const second = lab.work.start(['run', '-i', one, '--output', 'ndjson', await lab.work.file('quick.yml', QUICK)])
    await second.says(
      new RegExp(`${lab.machines[0].name} is in use by \\S+@\\S+ \\(run \\w+, since .* UTC\\); waiting`),
    )
    first.child.kill('SIGINT')
    expect((await first.done).code).to.equal(99)
    const { code, stdout } = await second.done
    expect(stdout).to.include('"status":"changed"')
    expect(code).to.equal(0)
  })

  it('the wait has an end, with a clear message', async () => {
    const first = await hold()
    const begin = Date.now()
    const { code, stdout } = await lab.work.play(one, QUICK, '--lease-wait', '2')
    expect(Date.now() - begin).to.be.within(1900, 6000)
    expect(stdout).to.match(/is in use by \S+@\S+ \(run \w+, since/)
    expect(stdout).to.match(/hint: .*run/)
    expect(stdout).to.match(/unreachable=1/)
    expect(code).to.equal(4)
    // Neither a check run, which says so, nor a play that says so waits for it.
    const checked = await lab.work.play(one, LOOK, '--check')
    expect(checked.code).to.equal(0)
    const said = checked.stdout + checked.stderr
    expect(said).to.match(/is in use by \S+@\S+ \(run \w+, since/)
    expect(said).to.include('may be about to change')
    for (const no of ['false', '"no"', `"{{ 1 == 2 }}"`]) {
      const unleased = (text: string) => text.replace('  tasks', `  lease: ${no}\n  tasks`)
      expect((await lab.work.play(one, unleased(QUICK), '--lease-wait', '0')).code, no).to.equal(0)
      const silent = await lab.work.play(one, unleased(LOOK), '--check')
      expect(silent.stdout + silent.stderr, no).not.to.include('is in use')
    }
    first.child.kill('SIGINT')
    await first.done
  })

  it('is gone with a run that was killed', async () => {
    const first = await hold()
    first.child.kill('SIGKILL')
    await first.done
    const { code, stdout } = await lab.work.play(one, QUICK, '--lease-wait', '15')
    expect(code, stdout).to.equal(0)
  })
})

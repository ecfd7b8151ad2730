import { expect } from 'chai'
import type { VmLab } from './lab.ts'

/** start, stop, suspend, resume, reboot. */
export function powerTests(lab: () => VmLab): void {
  const state = (name: string, index: 0 | 1 = 0): Promise<string> => lab().native(index, `virsh domstate ${name}`)
  before(async () => {
    await lab().clean()
    await lab().define(0, 'one')
    await lab().define(0, 'web1')
    await lab().define(1, 'web1')
  })

  const steps: [string[], number, RegExp, string][] = [
    [['suspend', 'one'], 2, /is shut off/, 'shut off'],
    [['reboot', 'one'], 2, /is shut off/, 'shut off'],
    [['resume', 'one'], 2, /is shut off\nhint: virtfleet vm start one@/, 'shut off'],
    [['stop', 'one'], 0, /is off already/, 'shut off'],
    [['start', 'one'], 0, /started \(running\)/, 'running'],
    [['start', 'one'], 0, /runs already/, 'running'],
    [['resume', 'one'], 0, /runs already/, 'running'],
    [['reboot', 'one'], 0, /was asked to reboot/, 'running'],
    [['reboot', 'one', '--force'], 0, /was reset/, 'running'],
    [['suspend', 'one'], 0, /paused \(paused\)/, 'paused'],
    [['suspend', 'one'], 0, /is paused already/, 'paused'],
    [['start', 'one'], 2, /is paused\nhint: virtfleet vm resume/, 'paused'],
    [['stop', 'one', '--timeout', '1'], 2, /is paused\nhint: resume it/, 'paused'],
    [['resume', 'one'], 0, /resumed \(running\)/, 'running'],
    [['stop', 'one', '--timeout', '2'], 2, /did not shut down within 2 s; it is running(?:.|\n)*--force/, 'running'],
    [['stop', 'one', '--force'], 0, /stopped \(shut off\)/, 'shut off'],
  ]
  for (const [args, code, said, after] of steps) {
    it(`${args.join(' ')}, and it is ${after}`, async () => {
      const answer = await lab().vm(...args, '-i', lab().both)
      expect([answer.code, answer.out]).to.deep.equal([code, ''])
      expect(answer.err).to.match(said)
      expect(await state('one')).to.equal(after)
    })
  }

  it('says what it did as JSON', async () => {
    const { out, err } = await lab().vm('start', 'one', '-i', lab().both, '--output', 'json')
    const uuid = await lab().native(0, 'virsh domuuid one')
    expect(err).to.equal('')
    expect(JSON.parse(out)).to.deep.equal({
      name: 'one',
      host: lab().hosts[0],
      uuid,
      changed: true,
      state: 'running',
      reason: 'booted',
    })
  })

  it('starts nothing by its bare name while a host is silent, and by its full name does', async () => {
    await lab().native(0, 'virsh -q destroy one')
    const bare = await lab().vm('start', 'one', '-i', lab().withSilent)
    expect(bare.code).to.equal(4)
    expect(bare.err)
      .to.match(/is on .*, and could be on a host that did not answer: down/)
      .and.match(/hint: .*one@/)
    expect(await state('one')).to.equal('shut off')
    expect((await lab().vm('start', `one@${lab().hosts[0]}`, '-i', lab().withSilent)).code).to.equal(0)
    expect(await state('one')).to.equal('running')
  })

  it('starts the one that is meant of two', async () => {
    expect((await lab().vm('start', 'web1', '-i', lab().both)).code).to.equal(1)
    expect((await lab().vm('start', `web1@${lab().hosts[1]}`, '-i', lab().both)).code).to.equal(0)
    expect([await state('web1', 0), await state('web1', 1)]).to.deep.equal(['shut off', 'running'])
  })

  it('tells what libvirt says against it', async () => {
    const disk = await lab().define(0, 'broken')
    await lab().native(0, `rm ${disk}`)
    const { code, err } = await lab().vm('start', 'broken', '-i', lab().both)
    expect(code).to.equal(2)
    expect(err).to.match(/^error: start broken@.*broken.qcow2.*No such file/)
  })

  it('waits for a guest that takes its time to shut down', async () => {
    await lab().native(0, 'virsh -q start one || true')
    const working = lab().start({}, 'stop', 'one', '-i', lab().both)
    await working.says(/asked to shut down; waiting 120 s/)
    const ended = Date.now()
    await lab().native(0, 'virsh -q destroy one')
    const { code, err } = await working.done
    expect(code).to.equal(0)
    expect(err).to.match(/one@.*: stopped \(shut off\)\n$/)
    // By the event: a look every 15 seconds would be far later.
    expect(Date.now() - ended).to.be.lessThan(5000)
  })

  it('does the same by virsh where nothing leads to the daemon’s socket', async () => {
    // Of such a URI only virsh knows what it means.
    const virsh = ['-i', lab().both, '-e', 'libvirt_uri=qemu+unix:///system']
    expect((await lab().vm('start', 'one', ...virsh)).err).to.match(/started \(running\)/)
    const { out } = await lab().vm('list', 'one', ...virsh, '--output', 'json')
    const uuid = await lab().native(0, 'virsh domuuid one')
    const { vms } = JSON.parse(out) as { vms: object[] }
    expect(vms).to.have.length(1)
    expect(vms[0]).to.include({ uuid, state: 'running', vcpus: 1, memory_kib: 65536 })
    expect((await lab().vm('stop', 'one', '--force', ...virsh)).err).to.match(/stopped \(shut off\)/)
  })
}

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { acquireLease, HostInUse } from '../../../core/connection/lease/lease.ts'
import { connectionPool } from '../../../core/connection/pool.ts'
import { type ConnectOptions, Sessions } from '../../../core/engine/host/sessions.ts'
import type { Run } from '../../../core/engine/run-state.ts'
import { createRedactor } from '../../../core/secrets/redactor.ts'
import { type Sshd, startSshd } from '../sshd.ts'

const leased = (signal: AbortSignal, onWaiting: (message: string) => void = () => undefined): ConnectOptions => ({
  shell: '',
  signal,
  lease: true,
  watched: false,
  reached: () => undefined,
  onWaiting,
})

describe('the lease of a run whose connection broke', function () {
  this.timeout(60_000)
  let sshd: Sshd

  before(async () => {
    sshd = await startSshd({ users: { plain: { shell: '/bin/sh' } } })
  })
  after(() => sshd.stop())

  it('is not waited for, and taken again as soon as the old holder has given it up', async () => {
    const user = sshd.user('plain')
    const endpoint = sshd.endpoint({ name: 'kvm1', user })
    const [pool, broken, others] = [connectionPool(), connectionPool(), connectionPool()]
    try {
      const signal = new AbortController().signal
      const old = await acquireLease(await broken.get(endpoint), {
        run: '42',
        who: { user: 'before', controller: 'ctl', pid: 7 },
      })
      const run = { id: '42', request: { pool, redactor: createRedactor(), leaseWait: 0 } } as unknown as Run
      const sessions = new Sessions(run)
      const waited: string[] = []
      await sessions.connect(
        endpoint,
        leased(signal, (message) => waited.push(message)),
      )
      expect(waited).to.deep.equal([])
      const asked = async () => acquireLease(await others.get(endpoint), { run: '43' }).catch((error: unknown) => error)
      expect(await asked()).to.be.instanceOf(HostInUse)
      await old.release()
      const file = `/tmp/virtfleet-${Number(execFileSync('id', ['-u', user], { encoding: 'utf8' }))}/lease`
      for (let asked = 0; asked < 500 && !/"run":"42"/.test(readFileSync(file, 'utf8')); asked++) await delay(20)
      expect(readFileSync(file, 'utf8')).to.contain('"run":"42"').and.not.to.contain('before')
      expect(await asked()).to.be.instanceOf(HostInUse)
      await sessions.releaseAll()
      const next = await asked()
      expect(next).not.to.be.instanceOf(Error)
    } finally {
      await Promise.all([pool, broken, others].map((one) => one.closeAll()))
    }
  })

  it('ends with the run while it is still being taken', async () => {
    const endpoint = sshd.endpoint({ name: 'kvm1', user: sshd.user('plain') })
    const [pool, broken] = [connectionPool(), connectionPool()]
    try {
      const old = await acquireLease(await broken.get(endpoint), { run: '42' })
      const sessions = new Sessions({ id: '42', request: { pool, redactor: createRedactor() } } as unknown as Run)
      const { signal } = new AbortController()
      await sessions.connect(endpoint, leased(signal))
      await sessions.releaseAll()
      await old.release()
      await delay(1500)
      const next = await acquireLease(await broken.get(endpoint), { run: '43' })
      await next.release()
    } finally {
      await Promise.all([pool, broken].map((one) => one.closeAll()))
    }
  })

  it('is waited for by each as long as it has time', async () => {
    const endpoint = sshd.endpoint({ name: 'kvm1', user: sshd.user('plain') })
    const [pool, others] = [connectionPool(), connectionPool()]
    try {
      const theirs = await acquireLease(await others.get(endpoint), { run: '43' })
      const sessions = new Sessions({ id: '42', request: { pool, redactor: createRedactor() } } as unknown as Run)
      const [hasty, patient, late] = [new AbortController(), new AbortController(), new AbortController()]
      const ask = ({ signal }: AbortController) =>
        sessions.connect(endpoint, leased(signal)).then(
          () => 'ours',
          (error: Error) => error.message,
        )
      const [first, second, third] = [ask(hasty), ask(patient), ask(late)]
      await delay(500)
      hasty.abort(new Error('no time'))
      late.abort(new Error('too late'))
      expect(await Promise.all([first, third])).to.deep.equal(['no time', 'too late'])
      await theirs.release()
      expect(await second).to.equal('ours')
      await sessions.releaseAll()
    } finally {
      await Promise.all([pool, others].map((one) => one.closeAll()))
    }
  })
})

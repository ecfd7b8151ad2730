import { expect } from 'chai'
import { connectionPool, sh } from '../../../core/connection/index.ts'
import { type Sshd, startSshd } from '../sshd.ts'
import { eventually } from './setup.ts'

describe('connection: what a login costs the server', () => {
  let sshd: Sshd
  const pool = connectionPool()
  const said = (what: RegExp): boolean => sshd.log.some((line) => what.test(line))

  before(async () => {
    sshd = await startSshd({ config: ['LogLevel DEBUG1'], users: { one: { shell: '/bin/dash' } } })
  })
  after(async () => {
    await pool.closeAll()
    await sshd.stop()
  })

  it('is the key exchange that it has from OpenSSL, and no proofs of keys that nobody asked for', async () => {
    const connection = await pool.get(sshd.endpoint({ name: 'costs', user: sshd.user('one') }))
    const { stdout } = await (await connection.shell()).run(sh`id -un`)
    expect(stdout.toString().trim()).to.equal(sshd.user('one'))
    // The server has told of its keys by then: it does so before it opens a session.
    expect(await eventually(() => said(/kex: algorithm: ecdh-sha2-nistp256/))).to.equal(true)
    expect(said(/hostkeys-prove/)).to.equal(false)
  })
})

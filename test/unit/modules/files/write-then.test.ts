import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type ConnectionPool, connectionPool, sh } from '../../../../core/connection/index.ts'
import type { Host } from '../../../../core/module/types.ts'
import { writeThen } from '../../../../modules/files/write-then.ts'
import { drivenHost } from '../../../contract/module-driver.ts'

describe('configuration that is written and put into force', () => {
  const pool: ConnectionPool = connectionPool()
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-write-'))
  const at = (name: string): string => join(folder, name)
  const text = "it's\n$HOME \\n %s\n"
  let host: Host

  before(async () => {
    host = await drivenHost(pool, {
      name: 'here',
      transport: 'local',
      address: '',
      hostKeys: { policy: 'strict' },
      useSshConfig: false,
    })
  })
  after(async () => {
    await pool.closeAll()
    rmSync(folder, { recursive: true, force: true })
  })

  it('has its files before the act, and answers with the act', async () => {
    writeFileSync(at('old'), 'old\n')
    writeFileSync(at('gone'), '')
    const { backups, done } = await writeThen(
      host,
      [
        { path: at('new/one'), text, mode: '0640', folder: true },
        { path: at('old'), text: 'new\n', backup: true },
        { path: at('gone'), text: undefined },
      ],
      sh`cat ${at('new/one')} ${at('old')}; [ ! -e ${at('gone')} ] || echo there; echo said >&2; exit 3`,
    )
    expect([done.status, done.stdout.toString(), done.stderr.toString()]).to.deep.equal([3, `${text}new\n`, 'said\n'])
    expect(statSync(at('new/one')).mode & 0o777).to.equal(0o640)
    expect([...backups.keys()]).to.deep.equal([at('old')])
    expect(readFileSync(backups.get(at('old'))!, 'utf8')).to.equal('old\n')
  })

  it('is not put into force where one file could not be written', async () => {
    const failure = await writeThen(
      host,
      [
        { path: at('first'), text },
        { path: at('no/such/folder'), text },
      ],
      sh`: >${at('acted')}`,
    ).catch((error: Error) => error.message)
    expect(failure).to.match(/no\/such\/folder was not written: the directory .* does not exist/)
    expect([existsSync(at('first')), existsSync(at('acted'))]).to.deep.equal([true, false])
  })
})

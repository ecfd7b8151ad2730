import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { openLog } from '../../../core/cli/log.ts'

/** What stderr gets of a log with one line of each level. */
async function shown(verbosity: number, file?: string): Promise<string> {
  const stderr = new PassThrough()
  const redact = (text: string) => text.replaceAll('hunter2', '***')
  const log = openLog({ verbosity, stderr, redact, ...(file !== undefined && { file }) })
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    log.write(level, `${level} hunter2`, { of: ['hunter2'] })
  await log.close()
  return String(stderr.read() ?? '')
}

describe('the operational log', () => {
  it('shows on stderr what the number of -v asks for, in order', async () => {
    const grave = 'warn: warn ***\nerror: error ***\n'
    expect(await shown(0)).to.equal(grave)
    expect(await shown(1)).to.equal(grave)
    expect(await shown(2)).to.equal(`info: info ***\n${grave}`)
    expect(await shown(3)).to.equal(`debug: debug ***\ninfo: info ***\n${grave}`)
    expect(await shown(9)).to.equal(await shown(3))
  })

  it('writes all levels into its file, without secrets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'virtfleet-log-'))
    try {
      const file = join(folder, 'run.log')
      expect(await shown(0, file)).to.equal('warn: warn ***\nerror: error ***\n')
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
      const read = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
      expect(read.map(({ level, message, of }) => ({ level, message, of }))).to.deep.equal(
        ['debug', 'info', 'warn', 'error'].map((level) => ({ level, message: `${level} ***`, of: ['***'] })),
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('ends where nothing was written', async () => {
    const log = openLog({ verbosity: 0, stderr: new PassThrough(), redact: (text) => text })
    log.write('info', 'not shown')
    await log.close()
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { main } from '../../../core/cli/main.ts'
import type { Streams } from '../../../core/cli/streams.ts'
import { createVault } from '../../../core/secrets/index.ts'

describe('virtfleet inventory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-'))
  const inventory = join(folder, 'hosts.yml')
  const password = join(folder, 'password')

  before(async () => {
    const secret = await createVault([{ id: 'default', password: 'of the vault' }]).encrypt('hunter2-hunter2')
    writeFileSync(password, 'of the vault\n')
    const tagged = `!vault |\n${secret.trimEnd().replace(/^/gm, '        ')}`
    writeFileSync(
      inventory,
      `all:\n  hosts:\n    kvm1:\n      port: 22\n      url: "http://{{ key }}/"\n      key: ${tagged}\n`,
    )
  })
  after(() => rmSync(folder, { recursive: true }))

  async function told(...more: string[]): Promise<string> {
    const out = new PassThrough()
    const streams = { out, err: out, in: process.stdin } as unknown as Streams
    const line = ['inventory', '-i', inventory, '--vault-password-file', password, '--host', 'kvm1', ...more]
    expect(await main(line, streams)).to.equal(0)
    return String(out.read())
  }

  it('hides what was encrypted, unless it is asked for', async () => {
    expect(JSON.parse(await told())).to.deep.equal({ port: 22, url: 'http://{{ key }}/', key: '********' })
    expect(await told('--explain', 'key')).to.match(/: "\*{8}"$/m)
    expect(JSON.parse(await told('--show-secrets'))).to.have.property('key', 'hunter2-hunter2')
    expect(await told('--explain', 'key', '--show-secrets')).to.match(/: "hunter2-hunter2"$/m)
  })
})

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { CommandResult } from '../../../core/connection/types.ts'
import { unreadable } from '../../../core/libvirt/images/scan.ts'

describe('folders that cannot be looked into', () => {
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-closed-'))
  after(() => rmSync(folder, { recursive: true }))

  it('are told from those that are not there', async () => {
    const path = (name: string): string => join(folder, name)
    mkdirSync(path("it's open"))
    chmodSync(folder, 0o755)
    // To be found in, but not to be listed; and the other way round.
    for (const [name, mode] of [
      ['unlisted', 0o311],
      ['unsearched', 0o444],
    ] as const) {
      mkdirSync(path(name))
      chmodSync(path(name), mode)
    }
    // Root may look into every folder, but follows no link for ever.
    symlinkSync('closed', path('closed'))
    writeFileSync(path('file'), '')
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
    const look =
      (user: object) =>
      async (script: { text: string }): Promise<CommandResult> =>
        spawnSync('/bin/sh', ['-c', script.text], { cwd: '/', ...user }) as unknown as CommandResult
    const names = ["it's open", 'closed', 'none', 'none/below', 'file/below']
    expect(await unreadable(look({}), names.map(path))).to.deep.equal([path('closed')])
    expect(await unreadable(look(nobody), [...names, 'unlisted', 'unsearched'].map(path))).to.deep.equal(
      ['closed', 'unlisted', 'unsearched'].map(path),
    )
  })
})

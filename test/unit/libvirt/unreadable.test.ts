import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
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
    // Root may look into every folder, but follows no link for ever.
    symlinkSync('closed', path('closed'))
    const look = async (script: { text: string }) =>
      spawnSync('/bin/sh', ['-c', script.text]) as unknown as CommandResult
    expect(await unreadable(look, ["it's open", 'closed', 'none'].map(path))).to.deep.equal([path('closed')])
  })
})

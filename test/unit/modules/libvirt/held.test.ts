import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { CommandResult } from '../../../../core/connection/types.ts'
import { endIfHeld, refuseHeld } from '../../../../modules/libvirt/image/held.ts'

describe('files that a QEMU has open', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'virtfleet-held-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const file = (name: string): string => {
    const path = join(folder, name)
    writeFileSync(path, '')
    return path
  }
  /** A tool that says this of the file, by its last argument, and nothing of others. */
  const tool = (name: string, path: string, says: string): void =>
    writeFileSync(
      join(folder, name),
      `#!/bin/sh\nfor f; do :; done\n[ "$f" = "${path}" ] || exit 0\necho '${says}' >&2; exit 1\n`,
      { mode: 0o755 },
    )
  /** Whether the script goes on; raises what it refuses. */
  const goesOn = (files: readonly string[]): boolean => {
    const script = `${endIfHeld(files).text}\necho on`
    const done = spawnSync('/bin/sh', ['-c', script], { env: { PATH: folder } })
    refuseHeld({ status: done.status, stdout: done.stdout } as CommandResult)
    return done.stdout.toString() === 'on\n'
  }

  it('are told by either tool, and end the script', () => {
    const [first, second] = [file('a'), file("it's 2")]
    tool('qemu-io', second, 'Failed to get "write" lock')
    expect(() => goesOn([first, second])).to.throw(`${second} is in use by a QEMU: nothing was deleted`)
    tool('qemu-io', second, 'Permission denied')
    expect(goesOn([first, second])).to.equal(true)
    tool('qemu-img', second, 'Could not open: Failed to get shared "write" lock')
    expect(() => goesOn([first, second])).to.throw(second)
  })

  it('are not told without the tools, of no image, nor of what is gone', () => {
    const path = file('a')
    expect(goesOn([path])).to.equal(true)
    tool('qemu-io', path, 'Image is not in this format')
    expect(goesOn([path, join(folder, 'gone')])).to.equal(true)
    expect(goesOn([])).to.equal(true)
  })
})

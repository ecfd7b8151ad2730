import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import fc from 'fast-check'
import { shellQuote } from '../../../../core/language/filters/path.ts'

describe('quote', () => {
  it('comes through /bin/sh as it is', () => {
    const words = fc.sample(
      fc.string({ unit: 'binary' }).map((s) => s.replaceAll('\0', '')),
      300,
    )
    const nasty = ["'", "''", '$HOME', '`id`', '\\', '\n', ' ', '', '-n', '!', '"\'"', '$(id)', '*', '~', "a'b\"c\\'"]
    const all = [...nasty, ...words].filter((w) => Buffer.from(w).toString() === w)
    const script = `printf '%s\\0' ${all.map(shellQuote).join(' ')}`
    const { stdout, status } = spawnSync('/bin/sh', ['-s'], { input: script, encoding: 'utf8' })
    expect(status).to.equal(0)
    expect(stdout.split('\0').slice(0, -1)).to.deep.equal(all)
  })
})

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { applyMode } from '../../../../modules/files/mode.ts'

const who = fc.constantFrom('u', 'g', 'o', 'a', 'ug', 'go', 'uo', 'ugo')
const what = fc.oneof(
  fc.subarray(['r', 'w', 'x', 'X', 's', 't']).map((letters) => letters.join('')),
  fc.constantFrom('u', 'g', 'o'),
)
const action = fc.tuple(fc.constantFrom('+', '-', '='), what).map((parts) => parts.join(''))
const clause = fc
  .tuple(who, fc.array(action, { minLength: 1, maxLength: 3 }))
  .map(([w, actions]) => w + actions.join(''))
const wanted = fc.array(clause, { minLength: 1, maxLength: 3 }).map((clauses) => clauses.join(','))

describe('applyMode', () => {
  it('comes to the same as chmod', () => {
    const samples = fc.sample(fc.tuple(wanted, fc.integer({ min: 0, max: 0o7777 }), fc.boolean()), 600)
    const folder = mkdtempSync(join(tmpdir(), 'virtfleet-mode-'))
    try {
      const script = samples.map(
        ([text, mode, directory]) =>
          `p=${directory ? 'd' : 'f'}; chmod 00${mode.toString(8).padStart(4, '0')} $p; chmod ${text} $p; stat -c %a $p`,
      )
      const said = execFileSync('/bin/sh', {
        cwd: folder,
        encoding: 'utf8',
        input: `touch f; mkdir d\n${script.join('\n')}\n`,
      })
      const modes = said.trim().split('\n')
      for (const [i, [text, mode, directory]] of samples.entries()) {
        const title = `${text} on ${mode.toString(8)} ${directory ? 'directory' : 'file'}`
        expect(applyMode(text, mode, directory).toString(8), title).to.equal(modes[i])
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  for (const [text, current, expected] of [
    ['0640', 0o7777, 0o640],
    ['4755', 0, 0o4755],
    ['0o600', 0o644, 0o600],
    ['+x', 0o644, 0o755],
    ['-w', 0o666, 0o444],
  ] as const) {
    it(`makes ${expected.toString(8)} of ${current.toString(8)} by ${text}, whatever the umask`, () =>
      expect(applyMode(text, current, false)).to.equal(expected))
  }
})

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { editLines, type LineEdit } from '../../../../modules/files/lines.ts'
import { askAnsible } from './ansible.ts'

interface Case {
  readonly text: string
  readonly args: Partial<LineEdit>
  /** Where we do better, and why. */
  readonly ours?: string
  readonly because?: string
}

interface Answer {
  readonly text: string
  readonly changed: boolean
  readonly msg: string
  readonly found: number | undefined
}

const CASES = JSON.parse(readFileSync(join(import.meta.dirname, 'lineinfile.json'), 'utf8')) as Case[]

/** The same edit by Ansible, each on a file of its own. */
function edited(cases: readonly Case[]): Answer[] {
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-lineinfile-'))
  try {
    for (const [i, one] of cases.entries()) writeFileSync(join(folder, `f${i}`), one.text)
    const tasks = cases.map((one, i) => ({ lineinfile: { path: join(folder, `f${i}`), ...one.args } }))
    return askAnsible(folder, tasks).map((result, i) => ({
      text: readFileSync(join(folder, `f${i}`), 'utf8'),
      changed: result.changed === true,
      msg: String(result.msg),
      found: result.found as number | undefined,
    }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('editLines beside lineinfile of Ansible', function () {
  this.timeout(60_000)
  let answers: Answer[] = []
  before(() => {
    answers = edited(CASES)
  })
  for (const [i, { text, args, ours: better, because }] of CASES.entries()) {
    it(`${JSON.stringify(args)} on ${JSON.stringify(text)}${because ? `: ${because}` : ''}`, () => {
      const expected = answers[i]!
      const ours = editLines(text, { state: 'present', backrefs: false, firstmatch: false, ...args })
      if (better !== undefined) {
        expect(ours.text).to.equal(better)
        expect(expected.text, 'no difference any more').not.to.equal(better)
        return
      }
      expect(ours.text).to.equal(expected.text)
      expect(ours.text !== text).to.equal(expected.changed)
      expect(ours.message).to.equal(expected.msg)
      if (args.state === 'absent') expect(ours.found).to.equal(expected.found)
    })
  }
})

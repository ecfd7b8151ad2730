import { expect } from 'chai'
import { sh } from '../../../../core/connection/quote.ts'
import { newBatch, unwanted } from '../../../../core/connection/shell/batch.ts'
import { Command } from '../../../../core/connection/shell/command.ts'

const STREAMS = ['stdout', 'stderr'] as const

/** Two commands; the second one is wanted no more. So many have ended by each stream. */
function isUnwanted(stdout: number, stderr: number, isFirstAnswered: boolean): boolean {
  const [first, second] = [new Command(sh`:`, {}), new Command(sh`:`, {})]
  const batch = newBatch([first, second], 'nonce', { stdout: false, stderr: true })
  batch.cursors.stdout.at = stdout
  batch.cursors.stderr.at = stderr
  if (isFirstAnswered) first.fail(new Error('it is over'))
  second.fail(new Error('nobody waits'))
  return unwanted(batch, STREAMS)
}

describe('a batch in which a command is wanted no more', () => {
  it('is not ended while the one before it is wanted and has not told its end on each stream', () => {
    expect(isUnwanted(0, 0, false)).to.equal(false)
    expect(isUnwanted(1, 0, false)).to.equal(false)
    expect(isUnwanted(0, 1, false)).to.equal(false)
    expect(isUnwanted(1, 0, true)).to.equal(true)
    expect(isUnwanted(1, 1, true)).to.equal(true)
  })
})

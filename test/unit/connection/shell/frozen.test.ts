import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { quote, sh } from '../../../../core/connection/quote.ts'
import { prelude } from '../../../../core/connection/shell/prelude.ts'
import { jobScript, mayWait, pairs, type ScriptCommand } from '../../../../core/connection/shell/script.ts'

const SHELLS = [['/bin/dash'], ['/bin/bash'], ['/bin/mksh'], ['/bin/busybox', 'sh']].filter(([path]) =>
  existsSync(path!),
)

describe('a listening shell whose input ends', () => {
  for (const [program, ...words] of SHELLS)
    it(`ends with a job that was frozen when it had done all it was given: ${program}`, async function () {
      this.timeout(30_000)
      const shell = spawn(program!, [...words, '-s'], { stdio: 'pipe', detached: true })
      let said = ''
      shell.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      shell.stderr.resume()
      const nonce = `frozen${process.pid}${program!.replaceAll('/', '')}`
      const ended = once(shell, 'exit')
      const until = async (what: RegExp): Promise<void> => {
        for (let tries = 0; !what.test(said); tries++) {
          if (tries > 500) throw new Error(`it never said ${what}, but ${said}`)
          await delay(20)
        }
      }
      try {
        const shellPath = [program, ...words].join(' ')
        shell.stdin.write(prelude({ nonce, shellPath: '/bin/sh', grace: 2, merged: false }))
        await until(/ H /)
        const command: ScriptCommand = {
          seq: 1,
          script: sh`:`,
          stdin: undefined,
          timeoutMs: 0,
          foreign: true,
          shielded: false,
          childless: false,
        }
        const text = jobScript([command], { decoder: 'base64', shellPath })
        const fifo = Number(mayWait([command]))
        shell.stdin.write(`vf_job b${nonce} '' ${pairs([command])} ${fifo} ${quote(text)}\n`)
        await until(/ J/)
        shell.stdin.end('vf_stop\n')
        const answer = await Promise.race([ended.then(() => 'ended'), delay(15_000, 'it hangs')])
        expect(answer).to.equal('ended')
      } finally {
        if (shell.exitCode === null) process.kill(-shell.pid!, 'SIGKILL')
      }
    })
})

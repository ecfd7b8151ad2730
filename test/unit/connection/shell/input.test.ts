import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import { quote } from '../../../../core/connection/quote.ts'
import { encodeInput } from '../../../../core/connection/shell/input.ts'
import { PRINT } from '../../../../core/connection/shell/prelude/marks.ts'

describe('connection: input', () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 7) % 256))
  for (const shell of ['dash', 'bash', 'mksh', 'busybox sh']) {
    for (const decoder of ['base64', 'openssl', 'busybox', 'octal'] as const) {
      it(`is decoded by ${decoder} under ${shell}`, () => {
        const script = `${PRINT}\n${encodeInput(bytes, decoder)} | ( cat )`
        const got = execFileSync('/bin/sh', ['-c', `exec ${shell} -c ${quote(script)}`])
        expect(got.equals(bytes)).to.equal(true)
      })
    }
  }
})

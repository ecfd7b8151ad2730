import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { printDiagnostics } from '../../../core/cli/diagnostics.ts'
import type { Streams } from '../../../core/cli/streams.ts'
import { createRedactor } from '../../../core/secrets/index.ts'

describe('diagnostics on a terminal', () => {
  it('show no secret in the lines they speak of', () => {
    const folder = mkdtempSync(join(tmpdir(), 'virtfleet-'))
    try {
      const file = join(folder, 'site.yml')
      writeFileSync(file, 'pasword: hunter2-hunter2\n')
      const redactor = createRedactor()
      redactor.add('hunter2-hunter2')
      const err = new PassThrough()
      const at = { file, line: 1, column: 1 }
      const one = { severity: 'error', code: 'unknown-key', message: 'unknown key', at } as const
      printDiagnostics([one], { err } as unknown as Streams, { redact: (text) => redactor.text(text) })
      expect(String(err.read())).to.include('pasword: ********').and.not.include('hunter2')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

import type { ShellText } from '../../core/connection/quote.ts'
import { sh } from '../../core/connection/quote.ts'
import { type Host, ModuleFailure, type Reader } from '../../core/module/types.ts'

/** Lines of a database of the host (passwd, group, shadow), split at colons. Only local files: what we may change. */
export async function readDatabase(host: Reader, file: 'passwd' | 'group' | 'shadow'): Promise<string[][]> {
  const answer = await host.read(sh`cat /etc/${sh.raw(file)}`)
  if (answer.status !== 0) {
    throw new ModuleFailure(`cannot read /etc/${file}: ${answer.stderr.toString().trim()}`, {
      hint: 'use become: true',
    })
  }
  return answer.stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'))
}

/** Runs one of the shadow tools; its last line says why it failed. */
export async function runTool(host: Host, script: ShellText, stdin?: string): Promise<void> {
  const done = await host.run(script, stdin === undefined ? {} : { stdin })
  if (done.status === 127)
    throw new ModuleFailure('useradd and its kin were not found on the host', {
      hint: 'install the package passwd or shadow-utils',
    })
  if (done.status !== 0) throw new ModuleFailure(done.stderr.toString().trim().split('\n').at(-1) ?? 'failed')
}

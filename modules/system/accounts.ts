import type { ShellText } from '../../core/connection/quote.ts'
import { sh } from '../../core/connection/quote.ts'
import { type Host, ModuleFailure, type Reader } from '../../core/module/types.ts'
import { parseSeveral, severalScript } from '../files/several.ts'

type Database = 'passwd' | 'group' | 'shadow'

/** Lines of databases of the host, split at colons, in one round trip with the answer of `more`. Only local files: what we may change. */
export async function readDatabases<Name extends Database>(
  host: Reader,
  names: readonly Name[],
  more: ShellText = sh`:`,
): Promise<{ rows: Record<Name, string[][]>; more: string }> {
  const paths = names.map((name) => `/etc/${name}`)
  const answer = await host.read(sh`${more}; LC_ALL=C; exec ${severalScript(sh`${paths}`)}`)
  const output = answer.stdout.toString()
  const files = parseSeveral(output)
  if (answer.status !== 0) {
    const failed = paths.find((path) => !files.has(path)) ?? paths.join(', ')
    throw new ModuleFailure(`cannot read ${failed}: ${answer.stderr.toString().trim()}`, { hint: 'use become: true' })
  }
  const rows = Object.fromEntries(names.map((name) => [name, rowsOf(files.get(`/etc/${name}`) ?? '')]))
  return { rows: rows as Record<Name, string[][]>, more: output.slice(0, output.indexOf('==> ')).trim() }
}

const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'))

/** Runs one of the shadow tools; its last line says why it failed. */
export async function runTool(host: Host, script: ShellText, stdin?: string): Promise<void> {
  const done = await host.run(script, stdin === undefined ? {} : { stdin })
  if (done.status === 127)
    throw new ModuleFailure('useradd and its kin were not found on the host', {
      hint: 'install the package passwd or shadow-utils',
    })
  if (done.status !== 0) throw new ModuleFailure(done.stderr.toString().trim().split('\n').at(-1) ?? 'failed')
}

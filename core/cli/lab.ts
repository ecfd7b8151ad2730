import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import type { LabOptions, LabProgress, Report } from '../../lab/index.ts'
import { clock } from '../report/status-lines.ts'
import { CliError, EXIT } from './exit.ts'
import { confirm } from './prompt.ts'
import type { Streams } from './streams.ts'

interface Flags {
  dir?: string
  hypervisors?: number
  nfs?: number
  containers?: number
  memory?: number
  prefix?: string
  yes?: boolean
  user?: string
}

/** `virtfleet lab`: real hypervisors on the machine you have. */
export function labCommand(program: Command, streams: Streams, done: (code: number) => void): void {
  const lab = program.command('lab').description('real hypervisors on this machine, for trying and testing')
  const dir = ['--dir <folder>', "the lab's folder (default: .lab)"] as const
  lab
    .command('up')
    .description('make and start the machines; those that run already stay')
    .option(...dir)
    .option('--hypervisors <n>', 'emulated hypervisors (default: 2)', whole)
    .option('--nfs <n>', 'emulated NFS servers (default: 1)', whole)
    .option('--containers <n>', 'systemd containers (default: 0)', whole)
    .option('--memory <MiB>', 'memory of each emulated machine (default: 1500)', whole)
    .option('--prefix <text>', "put before the machines' names")
    .option('-y, --yes', 'install missing Debian packages on this machine without asking')
    .action(async (flags: Flags) => done(await up(flags, streams)))
  lab
    .command('status')
    .description('show the machines')
    .option(...dir)
    .action(async (flags: Flags) => done(await status(flags, streams)))
  lab
    .command('ssh <machine> [command...]')
    .description('open a shell on a machine, or run a command')
    .option(...dir)
    .option('--user <name>')
    .action(async (machine: string, command: string[], flags: Flags) => done(await ssh(machine, command, flags)))
  lab
    .command('down')
    .description('stop the machines and keep their disks')
    .option(...dir)
    .action(async (flags: Flags) => done(await down(flags, streams)))
  lab
    .command('destroy')
    .description('stop the machines and remove everything but the image cache')
    .option(...dir)
    .option('-y, --yes', 'do not ask')
    .action(async (flags: Flags) => done(await destroy(flags, streams)))
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new CliError(`'${text}' is not a whole number`)
  return Number(text)
}

const place = (flags: Flags): { dir?: string } => (flags.dir === undefined ? {} : { dir: flags.dir })

/** Runs work of the lab's; its mistakes become ours. */
async function labWork<T>(work: (lab: typeof import('../../lab/index.ts')) => Promise<T>): Promise<T> {
  const lab = await import('../../lab/index.ts')
  try {
    return await work(lab)
  } catch (error) {
    if (!(error instanceof lab.LabError)) throw error
    throw new CliError(error.message, { exitCode: EXIT.error, ...(error.hint !== undefined && { hint: error.hint }) })
  }
}

async function up(flags: Flags, streams: Streams): Promise<number> {
  const abort = new AbortController()
  const stop = (): void => abort.abort(new CliError('interrupted', { exitCode: 99 }))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const options: LabOptions = {
    ...place(flags),
    ...(flags.hypervisors !== undefined && { hypervisors: flags.hypervisors }),
    ...(flags.nfs !== undefined && { nfsServers: flags.nfs }),
    ...(flags.containers !== undefined && { containers: flags.containers }),
    ...(flags.memory !== undefined && { memory: flags.memory }),
    ...(flags.prefix !== undefined && { prefix: flags.prefix }),
    yes: flags.yes ?? false,
    confirm: (packages) =>
      confirm(streams, `The lab needs these Debian packages on this machine:\n  ${packages.join(' ')}\nInstall them?`),
    signal: abort.signal,
  }
  const progress = progressOn(streams)
  try {
    const result = await labWork((lab) => lab.labUp(options, progress.report))
    progress.close()
    streams.out.write(`${result.machines.length} machines run, ${result.started.length} of them started now\n`)
    streams.out.write(`inventory: ${result.files.inventory}\n`)
    return EXIT.ok
  } finally {
    progress.close()
    process.removeListener('SIGINT', stop)
    process.removeListener('SIGTERM', stop)
  }
}

async function status(flags: Flags, streams: Streams): Promise<number> {
  const summary = await labWork((lab) => lab.labStatus(place(flags)))
  const rows = summary.machines.map((one) => [
    one.name,
    one.kind,
    one.role,
    one.status,
    `${one.address}:${one.port}`,
    one.log,
  ])
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)))
  for (const row of rows)
    streams.out.write(
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    )
  streams.out.write(`inventory: ${summary.inventory}\n`)
  if (summary.acceleration !== undefined) streams.out.write(`acceleration: ${summary.acceleration}\n`)
  return EXIT.ok
}

async function ssh(name: string, command: string[], flags: Flags): Promise<number> {
  const [program = 'ssh', ...args] = await labWork((lab) =>
    lab.labSshCommand({ ...place(flags), name, command, ...(flags.user !== undefined && { user: flags.user }) }),
  )
  const child = spawn(program, args, { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? EXIT.error))
  })
}

async function down(flags: Flags, streams: Streams): Promise<number> {
  const progress = progressOn(streams)
  await labWork((lab) => lab.labDown(place(flags), progress.report)).finally(progress.close)
  streams.out.write('the machines are stopped\n')
  return EXIT.ok
}

async function destroy(flags: Flags, streams: Streams): Promise<number> {
  if (!flags.yes && !(await confirm(streams, 'Remove the machines of this lab with their disks?'))) return EXIT.error
  const progress = progressOn(streams)
  const gone = await labWork((lab) => lab.labDestroy(place(flags), progress.report)).finally(progress.close)
  streams.out.write(gone ? 'the lab is gone\n' : 'there is no lab here\n')
  return EXIT.ok
}

/** One line that changes on a terminal; a line a step elsewhere. */
function progressOn(streams: Streams): { report: Report; close: () => void } {
  const stream = streams.err
  const begin = Date.now()
  let step = ''
  let open = false
  const report = (now: LabProgress): void => {
    const percent = now.total > 0 ? ` ${Math.floor((100 * now.done) / now.total)}%` : ''
    const line = `${now.step}${percent}: ${now.detail.replace(/[^ -~]/g, ' ')}  (${clock(Date.now() - begin)})`
    if (stream.isTTY) {
      stream.write(`\r\u001b[K${line.slice(0, (stream.columns ?? 80) - 1)}`)
      open = true
    } else if (now.step !== step) stream.write(`${line}\n`)
    step = now.step
  }
  const close = (): void => {
    if (open) stream.write('\r\u001b[K')
    open = false
  }
  return { report, close }
}

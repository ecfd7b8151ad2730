import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import {
  LabError,
  type LabOptions,
  labDestroy,
  labDown,
  labSshCommand,
  labStatus,
  labUp,
  type Report,
} from './index.ts'

const usage = `usage: tsx lab/main.ts up [--hypervisors N] [--nfs N] [--containers N] [--libvirt N] [--network N] [--memory MIB] [--prefix NAME] [--yes]
       tsx lab/main.ts status|down|destroy
       tsx lab/main.ts ssh NAME [--user NAME] [-- COMMAND…]
       each with [--dir FOLDER]; machines are emulated only when asked for here
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dir: { type: 'string' },
    hypervisors: { type: 'string' },
    nfs: { type: 'string' },
    containers: { type: 'string' },
    libvirt: { type: 'string' },
    network: { type: 'string' },
    memory: { type: 'string' },
    prefix: { type: 'string' },
    user: { type: 'string' },
    yes: { type: 'boolean' },
  },
})

const where = values.dir === undefined ? {} : { dir: values.dir }
let last = ''
const report: Report = ({ step, detail, done, total }) => {
  const count = total > 0 ? ` ${Math.floor((100 * done) / total)}%` : ''
  if (process.stderr.isTTY)
    process.stderr.write(`\r\x1b[K${step}${count}: ${detail}`.slice(0, process.stderr.columns ?? 80))
  else if (step !== last) process.stderr.write(`${step}: ${detail}\n`)
  last = step
}

async function main(): Promise<number> {
  const [verb, name = ''] = positionals
  if (verb === 'up') {
    const number = (text: string | undefined) => Number(text ?? 0)
    const options: LabOptions = {
      ...where,
      hypervisors: number(values.hypervisors),
      nfsServers: number(values.nfs),
      containers: {
        plain: number(values.containers),
        libvirt: number(values.libvirt),
        network: number(values.network),
      },
      ...(values.memory ? { memory: number(values.memory) } : {}),
      ...(values.prefix ? { prefix: values.prefix } : {}),
      yes: values.yes ?? false,
    }
    const up = await labUp(options, report)
    process.stderr.write(
      `\n${up.machines.length} machines, ${up.started.length} started; inventory ${up.files.inventory}\n`,
    )
  } else if (verb === 'status') {
    const status = await labStatus(where)
    for (const each of status.machines) {
      process.stdout.write(`${each.name}\t${each.kind}\t${each.status}\t${each.address}:${each.port}\t${each.log}\n`)
    }
  } else if (verb === 'ssh') {
    const user = values.user ? { user: values.user } : {}
    const [program = 'ssh', ...args] = await labSshCommand({ ...where, name, ...user, command: positionals.slice(2) })
    return spawnSync(program, args, { stdio: 'inherit' }).status ?? 1
  } else if (verb === 'down') {
    await labDown(where, report)
  } else if (verb === 'destroy') {
    await labDestroy(where, report)
  } else {
    process.stderr.write(usage)
    return 5
  }
  return 0
}

main().then(
  (status) => {
    process.exitCode = status
  },
  (error: unknown) => {
    if (!(error instanceof LabError)) throw error
    process.stderr.write(`\nerror: ${error.message}\n${error.hint ? `${error.hint}\n` : ''}`)
    process.exitCode = 1
  },
)

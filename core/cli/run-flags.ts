import { type Command, InvalidArgumentError, Option } from 'commander'
import { addConnectionOptions, type ConnectionFlags, collect } from './connection-flags.ts'

/** Options of `virtfleet run`, named as ansible-playbook's where it has the same. */
export interface RunFlags extends ConnectionFlags {
  limit?: string
  tags?: string[]
  skipTags?: string[]
  check?: boolean
  diff?: boolean
  forks: number
  speculation: boolean
  factCache?: string
  /** In milliseconds. */
  factCacheAge: number
  verbose: number
  startAtTask?: string
  syntaxCheck?: boolean
  listHosts?: boolean
  listTasks?: boolean
  listTags?: boolean
  forceHandlers?: boolean
  output: 'console' | 'ndjson'
  logFile?: string
  events?: string
  leaseWait: number
  timeout?: number
}

const FORKS = 50
const LEASE_WAIT_S = 60
/** Ansible's default for its fact caches. */
const FACT_AGE_MS = 86_400_000

function number(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('it must be a whole number')
  return Number(text)
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** In milliseconds. */
function duration(text: string): number {
  const [, count, unit = 's'] = /^(\d+)([smhd]?)$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('it must be seconds, or a number with s, m, h or d behind it')
  return Number(count) * UNITS[(unit || 's') as keyof typeof UNITS] * 1000
}

const commas = (text: string, before: string[] | undefined): string[] => [
  ...(before ?? []),
  ...text.split(',').map((one) => one.trim()),
]
/** Exit codes are part of the interface, so they stand in the help. */
const EXIT_CODES = `
Exit codes:
  0   all hosts are as declared
  1   an error before or beside the run
  2   a task failed on a host
  4   a host could not be reached, or a file could not be parsed
  5   the command line is wrong
  99  interrupted

Interrupted once (Ctrl-C), a run starts nothing new and lets what must not be cut finish; twice, it ends what runs on the hosts.`

export function addRunOptions(command: Command): Command {
  command
    .option('-i, --inventory <source>', 'file, folder, script, or host1,host2, (again for more)', collect)
    .option('-l, --limit <pattern>', 'only these hosts')
    .option('-C, --check', 'change nothing; say what would change')
    .option('-D, --diff', 'show what changes, line by line')
    .option('-t, --tags <tags>', 'only tasks with these tags', commas)
    .option('--skip-tags <tags>', 'not the tasks with these tags', commas)
    .option('-e, --extra-vars <vars>', 'key=value …, JSON or YAML, or @file (again for more)', collect)
    .option('--start-at-task <name>', 'begin at this task')
    .option('--force-handlers', 'run handlers also on hosts that failed')
    .option('-f, --forks <n>', 'hosts at work at the same time', number, FORKS)
    .option('-v, --verbose', 'say more (again for still more)', (_, before: number) => before + 1, 0)
    .option('--syntax-check', 'only read the playbooks and report mistakes')
    .option('--list-hosts', 'only list the hosts')
    .option('--list-tasks', 'only list the tasks')
    .option('--list-tags', 'only list the tags')
    .addOption(
      new Option('--output <format>', 'for people or for programs').choices(['console', 'ndjson']).default('console'),
    )
    .option('--events <file>', 'write the events as JSON lines to a file too')
    .option('--log-file <file>', 'operational log as JSON lines')
    .option('--lease-wait <seconds>', 'how long to wait for a host that another run works on', number, LEASE_WAIT_S)
    .option('--fact-cache <dir>', 'keep gathered facts in this folder, and use those that are there')
    .option('--fact-cache-age <time>', 'how old they may be: seconds, or 30m, 12h, 7d', duration, FACT_AGE_MS)
    .option('--no-speculation', 'ask hosts about one task at a time, none ahead of its turn')
    .option('-T, --timeout <seconds>', 'for one attempt to connect', number)
  return addConnectionOptions(command, { become: 'run tasks as another user' }).addHelpText('after', EXIT_CODES)
}

import { type ShellText, sh } from '../../core/connection/quote.ts'
import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure } from '../../core/module/types.ts'
import { readDatabases, runTool } from './accounts.ts'

const args = arg.object({
  name: arg.name(),
  state: arg.choice('present', 'absent').default('present'),
  uid: arg.int().optional(),
  group: arg.name().optional().describe('primary group, by name or number'),
  groups: arg.list(arg.name()).optional().describe('other groups; an empty list takes all away unless append is set'),
  append: arg.bool().default(false).describe('only add to the other groups'),
  comment: arg.str().optional(),
  home: arg.path().optional(),
  shell: arg.path().optional(),
  password: arg.str().optional().describe('the hash, as crypt(3) makes it; ! or * locks'),
  update_password: arg.choice('always', 'on_create').default('always'),
  password_lock: arg.bool().optional(),
  system: arg.bool().default(false).describe('number from the range of the system, if it is made now'),
  create_home: arg.bool().default(true),
  move_home: arg.bool().default(false),
  remove: arg.bool().default(false).describe('with state absent: home and mail too'),
  force: arg.bool().default(false).describe('with state absent: though logged in'),
  non_unique: arg.bool().default(false),
  expires: arg.float().optional().describe('seconds since the epoch; negative: never'),
})

type Args = ReturnType<typeof args.parse>

interface Account {
  readonly uid: number
  readonly gid: number
  readonly group: string
  readonly comment: string
  readonly home: string
  readonly shell: string
  readonly homeExists: boolean
  readonly groups: readonly string[]
  readonly hash: string
  /** Days since the epoch; undefined: never. */
  readonly expires: number | undefined
}

interface State {
  readonly account: Account | undefined
  /** Names of groups, by name and by number. */
  readonly known: ReadonlyMap<string, string>
}

const DAY = 86_400

export default defineState({
  name: 'user',
  summary: 'Manages a user of the host.',
  args,
  // Homes may lie on NFS.
  local: false,
  returns: {
    name: 'name',
    uid: 'number',
    group: 'number of the primary group',
    home: 'home folder',
    shell: 'login shell',
  },
  examples: `
- user: name=operator groups=libvirt append=true shell=/bin/bash
`,
  async probe(host, a): Promise<State> {
    const secret = a.password !== undefined || a.password_lock !== undefined || a.expires !== undefined
    const { rows, more } = await readDatabases(
      host,
      ['passwd', 'group', ...(secret ? (['shadow'] as const) : [])],
      a.create_home ? lookForHome(a) : sh`echo home`,
    )
    const { passwd: users, group: groups, shadow = [] } = rows
    if (a.password !== undefined) checkHash(a.password)
    const row = users.find(([name]) => name === a.name)
    const known = new Map(groups.map(([name = '', , gid = '']) => [gid, name]))
    for (const [name = ''] of groups) known.set(name, name)
    if (!row) return { account: undefined, known }
    const entry = shadow.find(([name]) => name === a.name)
    const gid = Number(row[3])
    return {
      known,
      account: {
        uid: Number(row[2]),
        gid,
        group: groups.find((one) => Number(one[2]) === gid)?.[0] ?? String(gid),
        comment: row[4] ?? '',
        home: row[5] ?? '',
        shell: row[6] ?? '',
        homeExists: more === 'home',
        groups: groups.filter((one) => (one[3] ?? '').split(',').includes(a.name)).map((one) => one[0]!),
        hash: entry?.[1] ?? '',
        expires: entry?.[7] ? Number(entry[7]) : undefined,
      },
    }
  },
  diff({ account, known }, a): Change[] {
    if (a.state === 'absent') return account ? [{ path: 'user', before: a.name, effect: 'now' }] : []
    const unknown = [...(a.groups ?? []), ...(a.group === undefined ? [] : [a.group])].find((one) => !known.has(one))
    if (unknown !== undefined)
      throw new ModuleFailure(`group ${unknown} does not exist`, { hint: 'make it with the module group first' })
    if (!account) return [{ path: 'user', after: a.name, effect: 'now' }]
    return [...plainChanges(account, a), ...groupChanges(account, a, known), ...secretChanges(account, a)]
  },
  async apply(host, a, { account, known }, changes) {
    if (a.password !== undefined) host.secret(a.password)
    if (a.state === 'absent') {
      await runTool(host, sh`userdel ${a.force ? ['-f'] : []} ${a.remove ? ['-r'] : []} -- ${a.name}`)
      return undefined
    }
    const changed = (path: string): boolean => changes.some((change) => change.path === path)
    const options = accountOptions(a, account, known, changed)
    const steps: ShellText[] = []
    if (!account) {
      // A group of that name is in the way of the one that useradd would make.
      const own = a.group === undefined && known.get(a.name) === a.name ? ['-N'] : []
      const home = a.create_home ? ['-m'] : ['-M']
      steps.push(sh`useradd ${options} ${own} ${a.system ? ['-r'] : []} ${home} -- ${a.name} </dev/null`)
    } else if (options.length > 0) {
      const move = a.move_home && changed('home') ? ['-m'] : []
      steps.push(sh`usermod ${options} ${move} -- ${a.name} </dev/null`)
    }
    if (account && changed('home folder')) steps.push(makeHome(a))
    const setNow = a.password !== undefined && (!account || changed('password'))
    steps.push(...passwordSteps(a, { setNow, lockNow: !account || changed('password_lock') }))
    // The hash goes through stdin: it must not stand in a process list.
    await runTool(host, sh.join([sh`set -e`, ...steps]), setNow ? `${a.name}:${a.password}\n` : undefined)
    return undefined
  },
  result({ account }, a): JsonObject {
    return {
      name: a.name,
      state: a.state,
      append: a.append,
      ...(account && {
        uid: account.uid,
        group: account.gid,
        comment: account.comment,
        home: account.home,
        shell: account.shell,
        groups: account.groups.join(','),
      }),
    }
  },
})

/** Prints a word if the home folder is there: that of the task, or that of the account. */
function lookForHome({ name, home }: Args): ShellText {
  const path = sh`$(n=${name} awk -F: '$1 == ENVIRON["n"] { print $6; exit }' /etc/passwd)`
  return sh`h=${home ?? path}; [ ! -d "$h" ] || echo home`
}

function checkHash(password: string): void {
  if (/[:\n]/.test(password)) throw new ModuleFailure('password holds a character that no hash has')
  if (password.startsWith('$') || /^[!*]/.test(password) || password === '') return
  throw new ModuleFailure('password must be a hash, not the password itself', {
    hint: "use {{ secret | password_hash('sha512') }}",
  })
}

const expiryDays = (seconds: number): number | undefined => (seconds < 0 ? undefined : Math.floor(seconds / DAY))

function plainChanges(account: Account, a: Args): Change[] {
  const changes: Change[] = []
  const compare = (path: string, before: string | number, after: string | number | undefined): void => {
    if (after !== undefined && after !== before) changes.push({ path, before, after, effect: 'now' })
  }
  compare('uid', account.uid, a.uid)
  if (a.group !== String(account.gid)) compare('group', account.group, a.group)
  compare('comment', account.comment, a.comment)
  compare('home', account.home, a.home)
  compare('shell', account.shell, a.shell)
  if (!account.homeExists && !(a.move_home && a.home !== undefined && a.home !== account.home))
    changes.push({ path: 'home folder', after: a.home ?? account.home, effect: 'now' })
  if (a.expires !== undefined && expiryDays(a.expires) !== account.expires) {
    changes.push({
      path: 'expires',
      before: account.expires ?? null,
      after: expiryDays(a.expires) ?? null,
      effect: 'now',
    })
  }
  return changes
}

/** By name: the task may give numbers. */
function wantedGroups(account: Account | undefined, a: Args, known: State['known']): string[] {
  const given = a.groups!.map((one) => known.get(one) ?? one)
  return [...new Set(a.append && account ? [...account.groups, ...given] : given)]
}

function groupChanges(account: Account, a: Args, known: State['known']): Change[] {
  if (a.groups === undefined) return []
  const wanted = wantedGroups(account, a, known)
    .filter((one) => one !== account.group)
    .sort()
  const current = account.groups.filter((one) => one !== account.group).sort()
  return wanted.join(',') === current.join(',')
    ? []
    : [{ path: 'groups', before: current, after: wanted, effect: 'now' }]
}

const locked = (hash: string): boolean => hash.startsWith('!')

// The hashes themselves are never told.
function secretChanges(account: Account, a: Args): Change[] {
  const changes: Change[] = []
  if (
    a.password !== undefined &&
    a.update_password === 'always' &&
    account.hash.replace(/^!+/, '') !== a.password.replace(/^!+/, '')
  ) {
    changes.push({ path: 'password', after: 'set', effect: 'now' })
  }
  if (a.password_lock !== undefined && locked(account.hash) !== a.password_lock) {
    changes.push({ path: 'password_lock', before: !a.password_lock, after: a.password_lock, effect: 'now' })
  }
  return changes
}

function accountOptions(
  a: Args,
  account: Account | undefined,
  known: State['known'],
  differs: (path: string) => boolean,
): string[] {
  const changed = (path: string): boolean => !account || differs(path)
  const options: string[] = []
  const add = (path: string, flag: string, value: string | number | undefined): void => {
    if (value !== undefined && changed(path)) options.push(flag, String(value))
  }
  add('uid', '-u', a.uid)
  if (a.uid !== undefined && a.non_unique && changed('uid')) options.push('-o')
  add('group', '-g', a.group)
  add('comment', '-c', a.comment)
  add('home', '-d', a.home)
  add('shell', '-s', a.shell)
  if (a.expires !== undefined)
    add('expires', '-e', a.expires < 0 ? '' : new Date(a.expires * 1000).toISOString().slice(0, 10))
  if (a.groups !== undefined && changed('groups') && (account || a.groups.length > 0))
    options.push('-G', wantedGroups(account, a, known).join(','))
  return options
}

/** As useradd does it: from the skeleton, with the mode that login.defs has. */
const makeHome = (a: Args): ShellText =>
  sh`e=$(grep ${`^${a.name}:`} /etc/passwd | head -n 1); h=$(echo "$e" | cut -d: -f6); o=$(echo "$e" | cut -d: -f3,4)
mkdir -p -- "$h"; if [ -d /etc/skel ]; then cp -R /etc/skel/. "$h"; fi
m=$(sed -n 's/^HOME_MODE[[:space:]]*//p' /etc/login.defs 2>/dev/null); chmod -- "\${m:-755}" "$h"; chown -R -- "$o" "$h"`

function passwordSteps(a: Args, { setNow, lockNow }: Record<'setNow' | 'lockNow', boolean>): ShellText[] {
  // A new hash is not locked, and the account of a new user without one is.
  const lock = a.password_lock === true && (lockNow || setNow)
  const unlock = a.password_lock === false && lockNow && !setNow
  return [
    ...(setNow ? [sh`chpasswd -e`] : []),
    ...(lock || unlock ? [sh`usermod ${lock ? '-L' : '-U'} -- ${a.name} </dev/null`] : []),
  ]
}

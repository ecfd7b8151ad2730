import type { DictKey, Value } from '../language/values.ts'
import type { Keywords, Play, Task } from '../playbook/types.ts'

/** Keywords of the play that hold for reading facts too. */
const SHARED = [
  ...(['become', 'becomeUser', 'becomeMethod', 'becomeFlags', 'becomeExe'] as const),
  ...(['connection', 'remoteUser', 'port', 'ignoreErrors', 'ignoreUnreachable'] as const),
  ...(['anyErrorsFatal', 'throttle', 'timeout', 'noLog'] as const),
]

/** The task that reads facts before a play's own. */
export function factsTask(play: Play): Task {
  const given = SHARED.filter((name) => play[name] !== undefined).map((name) => [name, play[name]])
  const keywords = Object.fromEntries(given) as Partial<Keywords>
  const args = new Map<DictKey, Value>()
  if (play.gatherSubset !== undefined && play.gatherSubset !== null) args.set('gather_subset', play.gatherSubset)
  return {
    ...keywords,
    kind: 'task',
    id: `${play.at.file}:${play.at.line}:facts`,
    name: 'Gathering Facts',
    module: 'setup',
    args,
    argsTemplate: undefined,
    when: [],
    vars: new Map(),
    environment: play.environment,
    tags: ['always'],
    role: undefined,
    at: play.at,
    loop: undefined,
    register: undefined,
    until: [],
    retries: undefined,
    delay: undefined,
    changedWhen: undefined,
    failedWhen: undefined,
    notify: [],
    listen: [],
  }
}

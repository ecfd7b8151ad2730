import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'

/** What the controller is, as far as ssh's configuration depends on it. */
export interface SshEnvironment {
  /** Home folder and login of the user, from the user database as ssh takes them, not from $HOME. */
  readonly home: string
  readonly login: string
  readonly variables: Readonly<Record<string, string | undefined>>
  /** The user's file, and the system's; missing ones are empty. */
  readonly userConfig: string
  readonly systemConfig: string
  /** The program that answers `-G`; undefined: our own reading of the files. */
  readonly sshProgram: string | undefined
  /** Given to ssh as -F; then the system's file is not read. Without it ssh finds its files itself. */
  readonly configFile?: string
}

let found: SshEnvironment | undefined

/** This process's own. */
export function sshEnvironment(): SshEnvironment {
  if (found) return found
  const { homedir: home, username: login } = userInfo()
  found = {
    home,
    login,
    variables: process.env,
    userConfig: join(home, '.ssh/config'),
    systemConfig: '/etc/ssh/ssh_config',
    sshProgram: programInPath('ssh', process.env.PATH),
  }
  return found
}

function programInPath(name: string, path = ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SshEnvironment } from '../../../../core/connection/config/environment.ts'

let count = 0

/** A home folder with that ~/.ssh/config and other files under ~/.ssh; with ssh to ask, or without. */
export function environmentWith(
  folder: string,
  config: string,
  options: { ssh: boolean; files?: Readonly<Record<string, string>> },
): SshEnvironment {
  const home = join(folder, `home${count++}`)
  mkdirSync(join(home, '.ssh/conf.d'), { recursive: true })
  const userConfig = join(home, '.ssh/config')
  writeFileSync(userConfig, config, { mode: 0o600 })
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(home, '.ssh', name), text)
  return {
    home,
    login: 'anna',
    variables: { KEYS: '/keys' },
    userConfig,
    systemConfig: join(home, 'none'),
    sshProgram: options.ssh ? 'ssh' : undefined,
    ...(options.ssh && { configFile: userConfig }),
  }
}

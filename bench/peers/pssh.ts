import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chosen, type Peer } from './peer.ts'

/** The floor's script by parallel-ssh: one OpenSSH process a host, all at once. */
export const pssh: Peer = {
  name: 'parallel-ssh',
  command(job) {
    const { farm } = job
    const [list, script] = [join(farm.dir, 'pssh-hosts'), join(farm.dir, 'pssh-script')]
    writeFileSync(
      list,
      chosen(job)
        .map((host) => `${host.user}@${host.address}\n`)
        .join(''),
    )
    writeFileSync(script, job.script)
    const options = [
      `UserKnownHostsFile=${farm.knownHosts}`,
      'StrictHostKeyChecking=yes',
      `IdentityFile=${farm.keyFile}`,
    ]
    const told = ['-h', list, '-p', String(job.hosts), '-t', '0', ...options.flatMap((one) => ['-O', one])]
    const line = `exec parallel-ssh ${told.join(' ')} -I 'exec /bin/sh -s' <${script}`
    return { argv: farm.inside(['sh', '-c', line]), env: { HOME: farm.dir } }
  },
}

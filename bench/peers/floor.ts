import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chosen, type Peer } from './peer.ts'

const program = fileURLToPath(new URL('./floor.js', import.meta.url))

/** One ssh2 connection and one script a host, all hosts at once: less cannot be done from Node.js. */
export const floor: Peer = {
  name: 'floor',
  command(job) {
    const { farm } = job
    const file = join(farm.dir, 'floor.json')
    const work = {
      privateKey: readFileSync(farm.keyFile, 'utf8'),
      hostKey: readFileSync(`${farm.hostKeyFile}.pub`, 'utf8'),
      hosts: chosen(job).map((host) => ({ ...host, script: `name=${host.user}\n${job.script}` })),
    }
    writeFileSync(file, JSON.stringify(work))
    return { argv: farm.inside([process.execPath, program, file]), env: { HOME: farm.dir } }
  },
}

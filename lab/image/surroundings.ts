import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt } from '../command.ts'
import { readMirrors } from './mirrors.ts'
import type { Surroundings } from './recipe.ts'

const own = /^(Acquire::(?:https?|ftp)::Proxy|Acquire::Check-(?:Valid-Until|Date)) "(.*)";$/
const suite = 'bookworm'

/**
 * What this machine's apt needs to reach its packages, so that the lab's machines reach them the same way. Throws `no-mirror`
 * when neither its apt nor the environment tells where Debian's packages are.
 */
export async function readSurroundings(): Promise<Surroundings> {
  const dump = await attempt('apt-config', ['dump'])
  const aptConf = dump.stdout
    .split('\n')
    .filter((line) => own.test(line))
    .map((line) => `${line}\n`)
    .join('')
  return { suite, ...(await readMirrors(suite)), aptConf, certificates: await readCertificates() }
}

async function readCertificates(): Promise<Record<string, string>> {
  const folder = '/usr/local/share/ca-certificates'
  const names = await readdir(folder).catch(() => [])
  const found: Record<string, string> = {}
  for (const name of names.filter((each) => each.endsWith('.crt')).sort()) {
    found[name] = await readFile(join(folder, name), 'utf8')
  }
  return found
}

import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt } from '../lab/command.ts'
import { readSurroundings } from '../lab/image/surroundings.ts'

const CACHE = '/var/cache/virtfleet-bench'
const SUITE = 'trixie'

/** The folder of a Debian root with a newer ansible-core, made where it is missing; undefined where it cannot be had. */
export async function newerAnsibleRoot(say: (text: string) => void): Promise<string | undefined> {
  const root = join(CACHE, `ansible-${SUITE}`)
  if (existsSync(root)) return root
  say(`making a ${SUITE} root with its ansible-core in ${root}`)
  const building = `${root}.building`
  await rm(building, { recursive: true, force: true })
  await mkdir(CACHE, { recursive: true })
  const { mirror } = await readSurroundings()
  const packages = '--include=ansible-core,openssh-client,ca-certificates'
  const made = await attempt('debootstrap', ['--variant=minbase', packages, SUITE, building, mirror], {
    timeout: 600_000,
  })
  if (made.status === 0) {
    await rename(building, root)
    return root
  }
  say(`no newer ansible-core: ${(made.stderr || made.stdout).trim().split('\n').at(-1)}`)
  await rm(building, { recursive: true, force: true })
  return undefined
}

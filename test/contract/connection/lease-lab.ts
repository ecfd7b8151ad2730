import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { expect } from 'chai'
import type { Endpoint } from '../../../core/connection/types.ts'

/** A controller of its own that holds the lease and does some shielded work, to be killed or stopped; prints when it has lost it. */
export async function killable(
  endpoint: Endpoint,
  transport: 'ssh' | 'openssh',
  { expirySeconds = 90, work = '', options = '{ shielded: true }' } = {},
): Promise<ChildProcess> {
  const url = (path: string) => JSON.stringify(new URL(`../../../core/connection/${path}`, import.meta.url).href)
  const script = `
    import { HostConnection } from ${url('connection.ts')}
    import { acquireLease } from ${url('lease/lease.ts')}
    import { ${transport === 'ssh' ? 'openSsh' : 'openOpenssh'} as open } from ${url(`${transport}/transport.ts`)}
    const endpoint = ${JSON.stringify(endpoint)}
    const connection = new HostConnection(endpoint, await open(endpoint))
    const lease = await acquireLease(connection, { run: 'child', expirySeconds: ${expirySeconds} })
    void lease.ended.then(() => process.stdout.write('lost'))
    const work = ${JSON.stringify(work)}
    if (work) void connection.shell().then((shell) => shell.run({ text: work }, ${options}))
    process.stdout.write('held')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = await once(child.stdout, 'data')
  expect(String(said)).to.equal('held')
  return child
}

/** Those of shells that hold the lease, and a file of each of them beside. */
export const fifosIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('.'))

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('did not happen in 60 s')
}

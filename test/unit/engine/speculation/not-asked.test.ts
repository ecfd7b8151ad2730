import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { ConnectionPool } from '../../../../core/connection/types.ts'
import { play, program, type Ran, type RunOptions, runText } from '../harness.ts'
import { acting, withModules } from '../modules.ts'

const HOSTS = '[all:vars]\nansible_connection=local\n[all]\nh1\nh2\n'

/** Runs a play; `dialled` has the host and the shell of each new connection, in order. */
async function dialling(
  tasks: string,
  options: RunOptions & { files?: Record<string, string> } = {},
): Promise<{ ran: Ran; dialled: string[] }> {
  const { connectionPool } = await program()
  const pool = connectionPool({ graceMs: 300 })
  const known = new Set<unknown>()
  const dialled: string[] = []
  const watched: ConnectionPool = {
    async get(endpoint, signal) {
      const connection = await pool.get(endpoint, signal)
      if (!known.has(connection)) dialled.push(`${endpoint.name} ${endpoint.shellPath ?? 'sh'}`)
      known.add(connection)
      return connection
    },
    forget: (name) => pool.forget(name),
    closeAll: () => pool.closeAll(),
  }
  const ran = await runText(play(tasks), { hosts: HOSTS, pool: watched, ...options })
  await delay(50)
  await pool.closeAll()
  return { ran, dialled }
}

describe('what runs ahead of its turn', function () {
  this.timeout(60_000)

  const waiting = "{{ lookup('pipe', 'sleep 0.3; false') }}"

  it('does not ask for a host that the task at work has not asked for', async () => {
    const { ran, dialled } = await dialling('- template: src=t.j2 dest=/no/t\n- stat: path=/\n', {
      files: { 't.j2': waiting },
    })
    expect(ran.exitCode).to.equal(2)
    expect(dialled).to.deep.equal([])
  })

  it('begins once the task at work has asked', async () => {
    const { ran, dialled } = await dialling(
      '- template: src=t.j2 dest=/no/t\n  check_mode: true\n  ignore_errors: true\n- stat: path=/\n',
      { files: { 't.j2': "{{ lookup('pipe', 'sleep 0.3') }}" } },
    )
    expect(ran.statuses('h1')).to.have.lengthOf(2)
    expect(dialled).to.deep.equal(['h1 sh'])
  })

  it('does not reconnect to a host that was lost', async () => {
    const lose = await acting('lose', async (host) => {
      await (await host.connection()).close()
      return undefined
    })
    const tasks = `- stat: path=/
  delegate_to: h2
- lose:
  delegate_to: h2
- file: path=/no/such/file state=file
- stat: path=/usr
  delegate_to: h2
`
    const { ran, dialled } = await dialling(tasks, { registry: await withModules(lose) })
    expect(ran.statuses('h1').map((one) => one.split(': ').at(-1))).to.deep.equal(['ok', 'changed', 'failed'])
    expect(dialled).to.deep.equal(['h2 sh', 'h1 sh'])
  })

  it('does not end the connection of the task at work by reaching its host in another way', async () => {
    // With a time limit the first task looks at none behind it.
    const tasks = `- stat: path=/
  timeout: 10
- stat: path=/
  vars: { ansible_shell_executable: /bin/bash }
- stat: path=/usr
`
    const { ran, dialled } = await dialling(tasks)
    expect(ran.exitCode).to.equal(0)
    expect(dialled).to.deep.equal(['h1 sh', 'h1 /bin/bash', 'h1 sh'])
  })
})

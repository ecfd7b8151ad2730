import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Farm } from '../farm/farm.ts'
import { virtfleet } from '../peers/virtfleet.ts'
import type { Scenario } from '../scenario.ts'
import { PEER_PACKAGES } from './hosts.ts'

const HOSTS = 200
const PLAYBOOK = fileURLToPath(new URL('../work/interrupt/site.yml', import.meta.url))
/** Between the two, as fingers are quick. */
const BETWEEN_MS = 150
/** In which what was running on the hosts must be gone. */
const LEFT_MS = 2000
const INTERRUPTED = 99

export const interrupt: Scenario = {
  name: 'interrupt',
  summary: 'Ctrl-C twice on two hundred hosts',
  fullOnly: true,
  packages: PEER_PACKAGES,
  async run(bench) {
    const farm = await bench.farm({ hosts: HOSTS })
    // While it starts, connects, works, and waits for the long command.
    const moments = bench.quick ? [2000, 15_000] : [400, 1000, 2000, 4000, 8000, 15_000, 25_000]
    const found = []
    for (const moment of moments) {
      const end = await interruptAt(farm, moment)
      bench.say(
        `after ${moment} ms: ended ${end.seconds.toFixed(2)} s after the second Ctrl-C, ${end.left.length} processes left ${summed(end.left)}`,
      )
      found.push(end)
    }
    return {
      figures: {
        interrupt_seconds: Math.max(...found.map((end) => end.seconds)),
        interrupt_left: Math.max(...found.map((end) => end.left.length)),
      },
      notes: [
        `Interrupted ${moments.map((moment) => moment / 1000).join(', ')} s after the start, in a playbook whose third task sleeps for two \
minutes.`,
      ],
    }
  },
}

async function interruptAt(farm: Farm, moment: number): Promise<{ seconds: number; left: string[] }> {
  const { argv, env, cwd } = virtfleet.command({ farm, hosts: HOSTS, playbook: PLAYBOOK, script: '' })
  const [program = '', ...args] = argv
  // Without time(1), which would get the signal: nsenter becomes the program itself.
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>
  await delay(moment)
  child.kill('SIGINT')
  await delay(BETWEEN_MS)
  const begin = performance.now()
  child.kill('SIGINT')
  const [code, signal] = await ended
  const seconds = (performance.now() - begin) / 1000
  if (code !== INTERRUPTED && signal !== 'SIGINT')
    throw new Error(`interrupted after ${moment} ms it ended with ${code ?? signal}`)
  await delay(Math.max(0, LEFT_MS - seconds * 1000))
  const left = farm.processes()
  // What is left must not be counted again at the next moment.
  farm.end(left)
  return { seconds, left }
}

/** `3 × sleep 180`. */
function summed(left: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const line of left) {
    const command = line.replace(/^\d+ \S+ +/, '').slice(0, 60)
    counts.set(command, (counts.get(command) ?? 0) + 1)
  }
  return [...counts].map(([command, count]) => `${count} × ${command}`).join('; ')
}

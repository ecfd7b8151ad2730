import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/*
 * Looks at the arguments and environments of all processes of this machine, its containers' too, as often as it can. As a
 * program it does so until its input ends, and then prints them.
 */

/** All that was seen, once it is stopped. */
export interface ProcessWatch {
  stop(): Promise<{ commands: string; environments: string }>
}

export async function watchProcesses(): Promise<ProcessWatch> {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, WATCH_PROCESSES: '1' },
  })
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  while (!said.includes('\n')) await once(child.stdout!, 'data')
  return {
    stop: async () => {
      child.stdin?.end()
      await once(child, 'close')
      return JSON.parse(said.slice(said.indexOf('\n') + 1)) as { commands: string; environments: string }
    },
  }
}

/** A process changes its arguments and its environment once, when it becomes its program: soon after it was made. */
const LOOKS = 12

async function watch(): Promise<void> {
  let open = true
  process.stdin.on('end', () => {
    open = false
  })
  process.stdin.resume()
  process.stdout.write('watching\n')
  const looks = new Map<string, number>()
  const seen = { cmdline: new Set<string>(), environ: new Set<string>() }
  while (open) {
    for (const pid of readdirSync('/proc')) {
      const count = looks.get(pid) ?? 0
      if (!/^\d+$/.test(pid) || count > LOOKS || pid === String(process.pid)) continue
      looks.set(pid, count + 1)
      for (const what of ['cmdline', 'environ'] as const) {
        try {
          seen[what].add(readFileSync(`/proc/${pid}/${what}`, 'utf8'))
        } catch {
          looks.delete(pid)
        }
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const text = (all: ReadonlySet<string>): string => [...all].join('\n').replaceAll('\0', ' ')
  process.stdout.write(JSON.stringify({ commands: text(seen.cmdline), environments: text(seen.environ) }))
}

if (process.env.WATCH_PROCESSES === '1') await watch()

import { execFile } from 'node:child_process'
import type { TestLab } from '../../lab/index.ts'
import { labSshCommand } from '../../lab/index.ts'

/** Runs a command on a machine of the lab over plain ssh: our own connections are what is being tested. */
export async function onMachine(lab: TestLab, name: string, command: string): Promise<string> {
  const [program = 'ssh', ...args] = await labSshCommand({ dir: lab.dir, name, command: [command] })
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${name}: ${command}: ${stderr || error.message}`))
      else resolve(stdout)
    })
  })
}

// What a running system writes by itself.
const RESTLESS = [
  '/proc',
  '/sys',
  '/run',
  '/dev',
  '/tmp',
  '/var/tmp',
  '/var/log',
  '/var/lib/systemd',
  '/var/lib/dhcp',
  '/var/lib/logrotate',
  '/var/lib/private',
  '/var/cache/ldconfig',
  '/root/.cache',
]
const prune = RESTLESS.map((path) => `-path ${path}`).join(' -o ')

/**
 * Everything on a host that a check run must leave alone: each file's kind, mode, owner, size and time of last change (a write of
 * the same bytes shows too), addresses, mounts, kernel modules, running services.
 */
export async function snapshot(lab: TestLab, name: string): Promise<string[]> {
  const text = await onMachine(
    lab,
    name,
    `find / -xdev \\( ${prune} \\) -prune -o -printf '%p %y %m %U %G %s %C@\\n' | sort
ip -br addr | sort; cut -d' ' -f1-4 /proc/mounts | sort; cut -d' ' -f1 /proc/modules | sort
cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/hostname
systemctl list-units --type=service --state=running --plain --no-legend | awk '{print $1}' | grep -v -e '^user@' -e '^apt' -e '^logrotate' -e '^systemd-tmpfiles' | sort`,
  )
  return text.split('\n')
}

/** Lines that are in only one of two snapshots. */
export function difference(before: readonly string[], after: readonly string[]): string[] {
  const [old, fresh] = [new Set(before), new Set(after)]
  return [
    ...before.filter((line) => !fresh.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ]
}

import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineRun } from '../../core/module/define.ts'
import { type Host, ModuleFailure } from '../../core/module/types.ts'
import { refuseWhileGuestsRun } from './guests.ts'
import { pause } from './pause.ts'
import { awaitConnection } from './wait_for_connection.ts'

const BOOT_ID = sh`cat /proc/sys/kernel/random/boot_id`

export default defineRun({
  name: 'reboot',
  summary: 'Reboots a host and waits until it is back.',
  description: 'Refused while guests run on the host, unless allow_disruption says that they may be cut.',
  args: arg.object({
    reboot_timeout: arg.int().default(600).describe('seconds until it must be back'),
    pre_reboot_delay: arg.int().default(0).describe('seconds before'),
    post_reboot_delay: arg.int().default(0).describe('seconds after it is back'),
    connect_timeout: arg.int().default(5).describe('accepted; the inventory has the time for one try'),
    test_command: arg.str().default('true').describe('must succeed before the host counts as back'),
    reboot_command: arg.str().optional().describe('instead of systemctl reboot or reboot'),
    msg: arg.str().default('Reboot initiated by virtfleet'),
    boot_time_command: arg.str().optional().describe('accepted; the kernel tells each boot apart'),
    search_paths: arg.list(arg.str()).optional().describe('accepted'),
    allow_disruption: arg.bool().default(false).describe('reboot though guests run'),
  }),
  shielded: true,
  returns: { rebooted: 'true', elapsed: 'seconds that it took' },
  examples: `
- reboot: reboot_timeout=300
`,
  async run(host, a) {
    const start = Date.now()
    if (!a.allow_disruption) await refuseWhileGuestsRun(host)
    const before = (await host.read(BOOT_ID)).stdout.toString()
    if (a.pre_reboot_delay > 0) await pause(host.signal, a.pre_reboot_delay)
    const command =
      a.reboot_command === undefined
        ? sh`systemctl reboot 2>/dev/null || reboot`
        : sh`exec /bin/sh -c ${a.reboot_command}`
    // The answer of the command must not race with the end of the connection, so it acts a second later, on its own.
    await host.run(sh`logger -- ${a.msg} 2>/dev/null; (sleep 1; ${command}) >/dev/null 2>&1 </dev/null &`, {
      foreign: true,
    })
    host.progress('rebooting')
    await awaitNewBoot(host, before, a.reboot_timeout, start)
    await awaitTest(host, a.test_command, a.reboot_timeout, start)
    if (a.post_reboot_delay > 0) await pause(host.signal, a.post_reboot_delay)
    return { changed: true, rebooted: true, elapsed: Math.round((Date.now() - start) / 1000) }
  },
  async check(host, a) {
    if (!a.allow_disruption) await refuseWhileGuestsRun(host)
    return { changed: true, rebooted: true, elapsed: 0 }
  },
})

const left = (timeout: number, start: number): number => timeout - (Date.now() - start) / 1000

async function awaitNewBoot(host: Host, before: string, timeout: number, start: number): Promise<void> {
  let same = true
  for (;;) {
    if (left(timeout, start) <= 0) {
      throw new ModuleFailure(`the host did not ${same ? 'go down' : 'come back'} within ${timeout} s`)
    }
    await pause(host.signal, 1)
    await awaitConnection(host, { timeout: left(timeout, start), sleep: 1, delay: 0 })
    const now = await host.read(BOOT_ID).catch(() => undefined)
    if (now?.status === 0 && now.stdout.toString() !== before) return
    same = now?.status === 0
  }
}

async function awaitTest(host: Host, command: string, timeout: number, start: number): Promise<void> {
  for (;;) {
    const answer = await host
      .run(sh`exec /bin/sh -c ${command}`, { foreign: true, timeoutMs: 60_000 })
      .catch(() => undefined)
    if (answer?.status === 0) return
    if (left(timeout, start) <= 0) throw new ModuleFailure(`the host is back, but its test still fails: ${command}`)
    await pause(host.signal, 2)
    if (!answer) await awaitConnection(host, { timeout: left(timeout, start), sleep: 2, delay: 0 })
  }
}

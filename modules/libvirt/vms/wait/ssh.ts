import type { Duplex } from 'node:stream'
import type { Guest, Guests } from './guests.ts'

/** A word of an SSH server comes at once; a guest that boots refuses, or drops what is sent. */
const BANNER_MS = 5000
const POLL_MS = 1000

/** Waits for an SSH server at each guest's address, through the host, which reaches them. */
export async function waitForSsh(guests: Guests): Promise<void> {
  const connection = await guests.host.connection()
  const answers = new Set<Guest>()
  const trying = new Set<Guest>()
  const said = new Map<Guest, string>()
  const attempt = async (guest: Guest): Promise<void> => {
    trying.add(guest)
    try {
      const stream = await connection.forward({ host: guest.address ?? '', port: 22 })
      if (await hasSsh(stream)) answers.add(guest)
      else said.set(guest, 'what answers is no SSH server')
    } catch (error) {
      said.set(guest, error instanceof Error ? error.message : String(error))
    }
    trying.delete(guest)
  }
  await guests.until(
    (guest) => answers.has(guest),
    async (missing) => {
      // Nobody waits for an address that swallows what is sent to it.
      for (const guest of missing) if (!trying.has(guest)) void attempt(guest)
      guests.host.progress(`${answers.size} of ${guests.all.length} VMs answer SSH`)
    },
    {
      pollMs: () => POLL_MS,
      unwatchedMs: 5000,
      late: (guest) => `no SSH server at ${guest.address}: ${said.get(guest) ?? 'nothing answered'}`,
    },
  )
}

/** Whether it begins as RFC 4253, 4.2, has it. */
async function hasSsh(stream: Duplex): Promise<boolean> {
  const limit = setTimeout(() => stream.destroy(new Error('nothing was said')), BANNER_MS)
  try {
    for await (const bytes of stream) return String(bytes).startsWith('SSH-')
    return false
  } finally {
    clearTimeout(limit)
    stream.destroy()
  }
}

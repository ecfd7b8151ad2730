import type { CommandResult } from '../../../core/connection/types.ts'

/** From here on a tool of libguestfs tells how it is used and debugged, which is longer than what went wrong. */
const ADVICE = /^(?:To see full error messages|If reporting bugs|If using guestfish|This usually means)/

const REMARK = /^virt-\w+: warning: /

/** What went wrong, by the words of libguestfs's tools: its last lines, without their advice. */
export function complaint(answer: Pick<CommandResult, 'stdout' | 'stderr' | 'merged'>): string {
  const lines = (answer.merged ? answer.stdout : answer.stderr)
    .toString()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !REMARK.test(line))
  const advice = lines.findIndex((line) => ADVICE.test(line))
  return lines
    .slice(0, advice < 0 ? undefined : advice)
    .slice(-3)
    .join('; ')
}

/** Whether there is none on the disks: a disk of data, or an empty one. */
export const hasNoSystem = (said: string): boolean => said.includes('no operating system was found')

/** What to do about it. */
export const remedy = (said: string): string =>
  said.includes('supermin')
    ? 'the appliance of libguestfs is made of a kernel of the host, in /boot with its modules: install one; libguestfs-test-tool says more'
    : 'libguestfs-test-tool on the host says more'

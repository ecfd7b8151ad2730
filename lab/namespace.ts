import { attempt } from './command.ts'

/**
 * The arguments that make `unshare` give a program mounts of its own. In a chroot whose `/` is no mount point propagation
 * cannot be set there, and is left as it is.
 */
export async function ownMounts(): Promise<string[]> {
  const settable = (await attempt('unshare', ['--mount', 'true'])).status === 0
  return ['--mount', '--propagation', settable ? 'private' : 'unchanged']
}

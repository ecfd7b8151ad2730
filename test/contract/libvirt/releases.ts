import type { ContainerVariant } from '../../../lab/image/recipe.ts'

/** The libvirts that tests are run on, by the Debian that has them, and the lab's container of each. docs/support.md lists them. */
export const RELEASES = {
  bullseye: 'libvirt-bullseye',
  bookworm: 'libvirt',
  trixie: 'libvirt-trixie',
  'trixie-modular': 'modular',
} as const satisfies Readonly<Record<string, ContainerVariant>>
export type Release = keyof typeof RELEASES

const wanted = process.env['VIRTFLEET_RELEASE'] ?? ''
if (wanted !== '' && !(wanted in RELEASES))
  throw new Error(`VIRTFLEET_RELEASE is ${wanted}; there are ${Object.keys(RELEASES).join(', ')}`)

/** What this run's suites for libvirt are run on: bookworm, unless VIRTFLEET_RELEASE names another. */
export const RELEASE: Release = wanted === '' ? 'bookworm' : (wanted as Release)

/** What the suite of libvirt's interface is run on in one run, unless VIRTFLEET_RELEASE names another. */
export const API_RELEASES: readonly Release[] = wanted === '' ? ['bullseye', 'bookworm', 'trixie'] : [RELEASE]

/** The container that has this run's libvirt. */
export const HYPERVISOR: ContainerVariant = RELEASES[RELEASE]

/** The daemon with QEMU's driver in it, and its socket. */
export const DAEMON = RELEASE === 'trixie-modular' ? 'virtqemud' : 'libvirtd'
export const SOCKET = `/run/libvirt/${DAEMON === 'libvirtd' ? 'libvirt' : DAEMON}-sock`

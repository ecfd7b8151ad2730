import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { labDestroy } from './down.ts'
import type { ContainerVariant } from './image/recipe.ts'
import type { LabFiles } from './inventory.ts'
import type { LabOptions } from './options.ts'
import { labUp } from './up.ts'

/** A machine that a test may do anything to. */
export interface TestMachine {
  name: string
  address: string
  port: number
  /** `ssh-ed25519 AAAA…` */
  hostKey: string
  logPath: string
}

/** Running machines for a test. */
export interface TestLab {
  dir: string
  /** The containers of the wanted variant, in order, or the emulated machines. */
  machines: readonly TestMachine[]
  files: LabFiles
  /** Destroys the lab, unless it is the shared one. */
  close(): Promise<void>
}

/** What a test needs: containers of one variant, or emulated machines. */
export interface TestLabWish {
  containers?: number
  variant?: ContainerVariant
  hypervisors?: number
  nfsServers?: number
}

/**
 * Opens machines for a test. The lab in the folder that VIRTFLEET_TEST_LAB names is shared: missing machines are added to
 * it and nothing is destroyed. Without it, a lab of its own is made in a temporary folder.
 */
export async function openTestLab(wish: TestLabWish): Promise<TestLab> {
  const shared = process.env['VIRTFLEET_TEST_LAB']
  const dir = shared || (await mkdtemp(join(tmpdir(), 'virtfleet-test-')))
  const variant = wish.variant ?? 'plain'
  const options: LabOptions = {
    dir,
    hypervisors: wish.hypervisors ?? 0,
    nfsServers: wish.nfsServers ?? 0,
    containers: { [variant]: wish.containers ?? 0 },
    yes: true,
  }
  const quiet = () => {}
  const close = async () => {
    if (!shared) await labDestroy({ dir }, quiet)
  }
  try {
    const up = await labUp(options, quiet)
    const fits = up.machines.filter(({ record }) =>
      wish.containers ? record.variant === variant : record.kind === 'vm',
    )
    const wanted = wish.containers ?? (wish.hypervisors ?? 0) + (wish.nfsServers ?? 0)
    const machines = fits.slice(0, wanted).map(({ record, logPath }) => {
      const { name, address, port, hostKey } = record
      return { name, address, port, hostKey, logPath }
    })
    return { dir, machines, files: up.files, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Runs `work` with machines and closes them after it, whatever happens. */
export async function withLab<T>(wish: TestLabWish, work: (lab: TestLab) => Promise<T>): Promise<T> {
  const lab = await openTestLab(wish)
  try {
    return await work(lab)
  } finally {
    await lab.close()
  }
}

import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'

const snapshotName = () =>
  arg.name().refine((text) => !/[/\u0000-\u001f\u007f]|^[.-]/.test(text), { message: 'is no name of a snapshot' })

/** Arguments of libvirt_snapshot. */
export const snapshotArgs = arg
  .object(
    {
      domain: arg.name().describe('Name of the domain.'),
      name: snapshotName().describe('Name of the snapshot.'),
      state: arg
        .choice('present', 'absent', 'reverted')
        .default('present')
        .describe(
          'absent: gone, and the guest stays as it is; what was written since an external one is merged back into its base. reverted: the guest is put back; this is done in every run.',
        ),
      type: arg
        .choice('internal', 'external')
        .default('internal')
        .describe(
          'internal: within qcow2 images, with the memory of a running guest. external: new images on top of the old ones.',
        ),
      description: arg.str().optional(),
      memory: arg.bool().default(false).describe('external: the memory of the running guest too, in memory_path.'),
      memory_path: arg.path().optional().describe('File for the memory.'),
      live: arg.bool().default(false).describe('The guest runs on while its memory is saved; takes longer.'),
      quiesce: arg.bool().default(false).describe('external: the guest agent freezes the file systems meanwhile.'),
      disks: arg
        .list(arg.name())
        .optional()
        .describe('external: only these disks, by target. Default: all writable ones.'),
      folder: arg.path().optional().describe('external: folder of the new images. Default: beside the old ones.'),
      children: arg.bool().default(false).describe('With absent: those made since, too; of internal ones.'),
      start: arg
        .choice('as_was', 'running', 'paused')
        .default('as_was')
        .describe('With reverted: the state of the guest after it.'),
    },
    { aliases: { snapshot: 'name', vm: 'domain' } },
  )
  .refine((a) => !a.memory || (a.type === 'external' && a.memory_path !== undefined), {
    message:
      'memory needs type: external and memory_path; an internal snapshot of a running guest has its memory anyway',
  })
export type SnapshotArgs = z.output<typeof snapshotArgs>

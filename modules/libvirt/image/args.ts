import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'
import { attributeArgs } from '../../files/attributes.ts'

/** Arguments of libvirt_image. */
export const imageArgs = arg
  .object(
    {
      path: arg.path().describe('Path of the image on the host. A new content is best given a new path.'),
      url: arg
        .str()
        .optional()
        .describe('Where the host gets it by curl or wget: http, https or ftp. What broke off is gone on with.'),
      src: arg.name().optional().describe('File of the controller, instead of a URL.'),
      checksum: arg
        .str()
        .optional()
        .describe(
          'sha256:… or sha512:…, in hexadecimal or as the URL of a list such as SHA256SUMS, in which the name of the file is looked up. Needed with a URL.',
        ),
      state: arg
        .choice('present', 'absent', 'unused')
        .default('present')
        .describe(
          'absent: removed; fails where a disk needs it. unused: removed, unless a disk needs it. Both ask every domain and every pool.',
        ),
      format: arg.choice('qcow2', 'raw').optional().describe('What it must be. Default: what its first bytes say.'),
      verify: arg
        .choice('changed', 'always')
        .default('changed')
        .describe('When an image that is there is read whole: where it is not as it was left, or in every run.'),
      ...attributeArgs,
      mode: arg.mode().default('0444').describe('Permissions; an image that overlays need is not to be written to.'),
    },
    { aliases: { dest: 'path' } },
  )
  .refine((a) => a.state !== 'present' || (a.url === undefined) !== (a.src === undefined), {
    message: 'give either url or src',
  })
  .refine((a) => a.url === undefined || a.checksum !== undefined, { message: 'a url needs a checksum' })
  .refine((a) => a.url === undefined || URL_OF_HOST.test(a.url), { message: 'url is not of http, https or ftp' })
export type ImageArgs = z.output<typeof imageArgs>

/** What a host may be sent to; no blanks, no quotes, no option. */
export const URL_OF_HOST = /^(?:https?|ftp):\/\/[\w.~:/?#[\]@!$&()*+,;=%-]+$/

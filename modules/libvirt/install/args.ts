import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'
import { URL_OF_HOST } from '../image/args.ts'

const answer = arg
  .object({
    kind: arg.choice('kickstart', 'preseed', 'autoinstall').describe('Of Red Hat, of Debian, of Ubuntu.'),
    src: arg.name().optional().describe('File of the controller.'),
    content: arg.str().optional().describe('The text itself.'),
  })
  .refine((a) => (a.src === undefined) !== (a.content === undefined), { message: 'give either src or content' })

/** Arguments of libvirt_install. */
export const installArgs = arg
  .object({
    name: arg
      .name()
      .refine((text) => !/[/\u0000-\u001f\u007f]|^[.-]/.test(text), { message: 'is no name of a domain and its files' })
      .describe('Name of the domain.'),
    state: arg.choice('running', 'stopped').default('running').describe('The machine, once it is installed.'),
    iso: arg.path().optional().describe('CD of the installer, on the host.'),
    tree: arg
      .str()
      .refine((text) => URL_OF_HOST.test(text), { message: 'is not a URL of http, https or ftp' })
      .optional()
      .describe('URL of an install tree; the host fetches kernel and initrd from it.'),
    kernel: arg.name().optional().describe('Kernel of the installer: on the host, or below the tree.'),
    initrd: arg.name().optional().describe('Its initial RAM disk: on the host, or below the tree.'),
    kernel_args: arg.str().default('').describe('More arguments of the kernel.'),
    answer: answer.optional().describe('The answers to the installer. They go into the initrd, or on a second CD.'),
    disk: arg
      .path()
      .optional()
      .describe('Image that it is installed to, which is made. Default: in /var/lib/libvirt/images.'),
    disk_size: arg.str().describe('Its virtual size, such as 20G.'),
    memory: arg.str().default('2GiB'),
    vcpus: arg.int().default(2),
    network: arg.str().default('default').describe('Network of libvirt.'),
    bridge: arg.str().optional().describe('Bridge of the host, instead of a network.'),
    template: arg.str().default('domain.xml.njk').describe('Template of the definition, as it is once installed.'),
    variables: arg.dict(arg.raw()).default({}).describe('More variables for the template.'),
    fleet: arg.name().default('default').describe('UUID and MAC are computed from it and the name.'),
    timeout: arg.int().default(3600).describe('Seconds until the installer must have shut the machine off.'),
    assume_finished: arg
      .bool()
      .default(false)
      .describe('The machine is off, and whether the installer did that is not known: it did.'),
  })
  .refine((a) => (a.iso !== undefined) !== (a.tree !== undefined || a.kernel !== undefined), {
    message: 'give either iso, or tree, or kernel and initrd',
  })
  .refine(
    (a) => a.tree !== undefined || [a.kernel, a.initrd].every((path) => path === undefined || path.startsWith('/')),
    {
      message: 'kernel and initrd are absolute paths where there is no tree',
    },
  )
  .refine((a) => !(a.iso !== undefined && a.answer?.kind === 'preseed'), {
    message: 'a preseed goes into the initrd: give kernel and initrd, or tree, instead of iso',
  })
export type InstallArgs = z.output<typeof installArgs>

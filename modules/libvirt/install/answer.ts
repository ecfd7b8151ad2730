import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { seedImage } from '../seed/image.ts'
import type { InstallArgs } from './args.ts'
import { ramArchive } from './initrd.ts'

/** The answers, as the installer gets them, and what the kernel is told of them. */
export interface Answer {
  readonly where: 'initrd' | 'cd'
  readonly content: Buffer
  readonly kernelArgs: string
}

/** Undefined where the task has none. Raises ModuleFailure. */
export async function answerOf(host: Reader, a: InstallArgs): Promise<Answer | undefined> {
  if (!a.answer) return undefined
  const { kind, src, content } = a.answer
  const text =
    src === undefined ? Buffer.from(content ?? '') : await host.files.read(await host.files.find('files', src))
  return placed(kind, text, a.iso === undefined && a.initrd !== undefined)
}

/**
 * Kickstart: ks.cfg in the initrd, else on a CD labelled OEMDRV, where Anaconda looks by itself. Preseed: preseed.cfg in the initrd,
 * which debian-installer reads by itself. Autoinstall: user-data of a cloud-init seed.
 */
export function placed(kind: NonNullable<InstallArgs['answer']>['kind'], text: Buffer, hasInitrd: boolean): Answer {
  if (kind === 'preseed')
    return {
      where: 'initrd',
      content: ramArchive([{ name: 'preseed.cfg', content: text }]),
      kernelArgs: 'auto=true priority=critical',
    }
  if (kind === 'kickstart') {
    const file = { name: 'ks.cfg', content: text }
    if (!hasInitrd)
      return { where: 'cd', content: seedImage('OEMDRV', [file]), kernelArgs: 'inst.ks=hd:LABEL=OEMDRV:/ks.cfg' }
    return { where: 'initrd', content: ramArchive([file]), kernelArgs: 'inst.ks=file:/ks.cfg' }
  }
  if (!text.toString().startsWith('#cloud-config'))
    throw new ModuleFailure('the answers of an autoinstall begin with #cloud-config, and have a key autoinstall')
  const files = [
    { name: 'user-data', content: text },
    { name: 'meta-data', content: Buffer.alloc(0) },
  ]
  return { where: 'cd', content: seedImage('cidata', files), kernelArgs: 'autoinstall ds=nocloud' }
}

import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { fetchList } from '../image/fetch.ts'
import type { InstallArgs } from './args.ts'

/** Kernel and initrd of an install tree, as URLs. */
export interface TreeBoot {
  readonly kernel: string
  readonly initrd: string
  /** What the installer must know of the tree. */
  readonly kernelArgs: string
}

/** As the task names them, else as the tree's own .treeinfo does. Raises ModuleFailure. */
export async function treeBoot(host: Reader, a: InstallArgs, arch = 'x86_64'): Promise<TreeBoot> {
  const base = a.tree!.replace(/\/$/, '')
  const below = (path: string): string => `${base}/${path.replace(/^\.?\//, '')}`
  if (a.kernel !== undefined && a.initrd !== undefined)
    return { kernel: below(a.kernel), initrd: below(a.initrd), kernelArgs: '' }
  const info = await fetchList(host, `${base}/.treeinfo`).catch((error: unknown) => {
    if (!(error instanceof ModuleFailure)) throw error
    throw new ModuleFailure(`${base} has no .treeinfo that says where kernel and initrd are (${error.message})`, {
      hint: 'give kernel and initrd, below the tree: such as linux and initrd.gz of a netboot folder of Debian',
    })
  })
  const found = imagesIn(info, arch)
  if (!found) throw new ModuleFailure(`the .treeinfo of ${base} names no kernel and initrd for ${arch}`)
  return { kernel: below(found.kernel), initrd: below(found.initrd), kernelArgs: `inst.repo=${base}/` }
}

/** `[images-x86_64]` of a .treeinfo. Paths only go down: they are a server's. */
export function imagesIn(info: string, arch: string): { kernel: string; initrd: string } | undefined {
  let section = ''
  const values = new Map<string, string>()
  for (const line of info.split(/\r?\n/)) {
    const head = /^\s*\[(.+)\]\s*$/.exec(line)
    if (head) section = head[1] ?? ''
    const pair = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(line)
    if (pair && section === `images-${arch}`) values.set(pair[1] ?? '', pair[2] ?? '')
  }
  const [kernel, initrd] = [values.get('kernel'), values.get('initrd')]
  const safe = (path: string | undefined): path is string =>
    path !== undefined && /^[\w.+/-]+$/.test(path) && !path.split('/').includes('..')
  return safe(kernel) && safe(initrd) ? { kernel, initrd } : undefined
}

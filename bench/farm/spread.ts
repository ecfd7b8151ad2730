import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Farm } from './farm.ts'

/** Every other host's folder becomes as the first one's, with its own name in the files: cheaper than a run on all hosts. */
export function spread(farm: Farm): void {
  const [first, ...others] = farm.hosts
  if (!first) return
  for (const host of others) {
    const { uid, gid } = lstatSync(farm.path(host.folder))
    const copy = (from: string, to: string): void => {
      for (const name of readdirSync(from)) {
        const [source, target] = [join(from, name), join(to, name)]
        const found = lstatSync(source)
        if (found.isSymbolicLink()) {
          symlinkSync(readlinkSync(source), target)
          lchownSync(target, uid, gid)
          continue
        }
        if (found.isDirectory()) mkdirSync(target)
        else writeFileSync(target, readFileSync(source, 'utf8').replaceAll(first.name, host.name))
        chmodSync(target, found.mode & 0o7777)
        chownSync(target, uid, gid)
        if (found.isDirectory()) copy(source, target)
      }
    }
    copy(farm.path(first.folder), farm.path(host.folder))
  }
}

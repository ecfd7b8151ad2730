import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FactStore } from '../../module/types.ts'

/** Facts that are kept between runs: a folder with one file for each host, named as Ansible's jsonfile cache names them. */
export interface FactFolder {
  readonly folder: string
  /** How old a fact may be, in milliseconds. */
  readonly age: number
}

/** Facts tell much about a host: only their owner reads them. Another run that saves at the same time does not mix with ours. */
export function factStore({ folder, age }: FactFolder, host: string): FactStore {
  const file = join(folder, fileName(host))
  return {
    age,
    load: async () => {
      try {
        const [text, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)])
        return { text, savedMs: mtimeMs }
      } catch {
        return undefined
      }
    },
    save: async (text) => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const beside = `${file}.${randomBytes(6).toString('hex')}`
      try {
        await writeFile(beside, text, { mode: 0o600, flag: 'wx' })
        await rename(beside, file)
      } catch (error) {
        await rm(beside, { force: true })
        throw error
      }
    },
  }
}

/** The name of a host may hold anything; two hosts never share a file. */
const fileName = (host: string): string => {
  const plain = host.replace(/[^\w.@:-]/g, (one) => `%${Buffer.from(one).toString('hex')}`)
  return plain.startsWith('.') ? `%2e${plain.slice(1)}` : plain
}

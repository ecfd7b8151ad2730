import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Metafile } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The licences of the packages of others that are in the bundle, which go where it goes. Raises where one has none. */
export function licensesOf({ inputs }: Metafile): string {
  const folders = Object.keys(inputs).flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [])
  return [...new Set(folders)]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(`${ROOT}${folder}/package.json`, 'utf8'))
      const file = readdirSync(`${ROOT}${folder}`).find((one) => /^licen[cs]e/i.test(one))
      if (!license && !file) throw new Error(`${name} has no licence`)
      return `${name} ${version} (${license ?? 'see below'})\n\n${file ? readFileSync(`${ROOT}${folder}/${file}`, 'utf8') : ''}`
    })
    .join(`\n${'-'.repeat(80)}\n\n`)
}

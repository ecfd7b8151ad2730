import { cacheFolder, ensureImage } from './image/cache.ts'
import type { StageName } from './image/recipe.ts'
import { readSurroundings } from './image/surroundings.ts'
import { planMachines } from './options.ts'
import { checkMachine, ensurePackages } from './packages.ts'
import type { Report } from './progress.ts'

/**
 * Makes the images that labs will need, and installs what making them needs, so that a later `labUp` only starts machines. On a
 * fresh machine this takes minutes. Answers with the images' folders. Throws LabError.
 */
export async function labPrepare(images: readonly StageName[], report: Report): Promise<string[]> {
  const emulated: readonly StageName[] = ['vm', 'cloud']
  const vms = images.some((name) => emulated.includes(name)) ? 1 : 0
  const machines = planMachines({
    hypervisors: vms,
    containers: images.some((name) => !emulated.includes(name)) ? 1 : 0,
  })
  await checkMachine(machines)
  await ensurePackages(machines, { yes: true }, report)
  const surroundings = await readSurroundings()
  const build = { cache: cacheFolder(), labId: `prepare-${process.pid}`, surroundings, report }
  const folders: string[] = []
  for (const name of images) folders.push(await ensureImage(name, build))
  return folders
}

import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { sh } from '../../../core/connection/quote.ts'
import type { Host } from '../../../core/module/types.ts'
import { cloudFiles } from '../seed/cloud-files.ts'
import { seedImage } from '../seed/image.ts'
import type { VmsArgs } from './args.ts'
import type { WantedVm } from './wanted.ts'
import type { FixedAddress, WantedInterface } from './wanted-interfaces.ts'

type NetworkConfig = NonNullable<VmsArgs['cloud_init']>['network_config']

const compress = promisify(gzip)
const NO_GZIP = 9

/** The seed of one VM, whose interfaces have these MACs; undefined where it has no cloud_init. Raises ModuleFailure for what cloud-init would not take. */
export function seedOf({ name, cloudInit, interfaces }: WantedVm, macs: readonly string[]): Buffer | undefined {
  if (cloudInit === undefined) return undefined
  const network = cloudInit.network_config ?? networkOf(interfaces, macs)
  const { label, files } = cloudFiles({
    ...cloudInit,
    hostname: name,
    ...(network !== undefined && { network_config: network }),
  })
  return seedImage(label, files)
}

/**
 * Network configuration, version 2, of a VM with an address of its own or with several interfaces, of which cloud-init by itself would have
 * one ask for an address. No boot waits for another than the first.
 */
function networkOf(interfaces: readonly WantedInterface[], macs: readonly string[]): NetworkConfig {
  if (interfaces.length < 2 && interfaces[0]?.address === undefined) return undefined
  return {
    version: 2,
    ethernets: Object.fromEntries(
      interfaces.map(({ address }, i) => [
        i === 0 ? 'lan' : `lan${i + 1}`,
        {
          match: { macaddress: macs[i] ?? '' },
          ...(address === undefined ? { dhcp4: true } : staticPart(address)),
          ...(i > 0 && { optional: true }),
        },
      ]),
    ),
  }
}

const staticPart = ({ cidr, gateway, nameservers }: FixedAddress) => ({
  addresses: [cidr],
  ...(gateway !== undefined && { routes: [{ to: gateway.includes(':') ? '::/0' : '0.0.0.0/0', via: gateway }] }),
  ...(nameservers.length > 0 && { nameservers: { addresses: [...nameservers] } }),
})

/** SHA-256 by which a probe knows the seed. */
export const digestOfSeed = (seed: Buffer): string => createHash('sha256').update(seed).digest('hex')

/**
 * Writes all of them, in one command and as one compressed stream: seeds of one task are nearly the same. Each is
 * written beside its place and moved there whole. Answers with why some were not written, by path.
 */
export async function writeSeeds(host: Host, seeds: ReadonlyMap<string, Buffer>): Promise<Map<string, Error>> {
  if (seeds.size === 0) return new Map()
  const all = Buffer.concat([...seeds.values()])
  const packed = await compress(all)
  let answer = await host.run(script(seeds, 'gzip -dc'), { stdin: packed, childless: true })
  if (answer.status === NO_GZIP) answer = await host.run(script(seeds, 'cat'), { stdin: all, childless: true })
  const written = new Set(answer.stdout.toString().split('\n'))
  const said = answer.stderr.toString().trim().slice(0, 2000)
  return new Map(
    [...seeds.keys()].flatMap((path, i) =>
      written.has(`seed ${i}`) ? [] : [[path, new Error(said === '' ? `${path} was not written` : said)]],
    ),
  )
}

function script(seeds: ReadonlyMap<string, Buffer>, unpack: string) {
  const each = [...seeds].map(([path, seed], i) => {
    const part = `${path}.part`
    return sh`if head -c ${seed.length} >${part} && [ "$(($(wc -c <${part})))" = ${seed.length} ] && mv -f ${part} ${path}; then echo seed ${i}; else rm -f ${part}; fi`
  })
  return sh`command -v gzip >/dev/null 2>&1 || ${sh.raw(unpack === 'cat' ? ':' : `exit ${NO_GZIP}`)}
umask 077
${sh.raw(unpack)} | {
${sh.join(each)}
}`
}

import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt, run } from '../lab/command.ts'
import { LabError } from '../lab/errors.ts'
import { readSurroundings } from '../lab/image/surroundings.ts'

const CACHE = '/var/cache/virtfleet-bench'
const SUITE = 'trixie'

/** In mounts of its own, so that /proc is gone with it. */
const BUILD = `debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$ROOT" "$MIRROR"
cp -r "$CERTIFICATES/." "$ROOT/usr/local/share/ca-certificates/"
chroot "$ROOT" update-ca-certificates
cp -L /etc/resolv.conf "$ROOT/etc/resolv.conf"
mount -t proc proc "$ROOT/proc"
apt="chroot $ROOT env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends"
$apt update
$apt install ansible-core openssh-client
rm -f "$ROOT/etc/resolv.conf" "$ROOT"/var/cache/apt/archives/*.deb
`

/** The folder of a Debian root with a newer ansible-core, made where it is missing; undefined where it cannot be had. */
export async function newerAnsibleRoot(say: (text: string) => void): Promise<string | undefined> {
  const root = join(CACHE, `ansible-${SUITE}`)
  if (existsSync(root)) return root
  say(`making a ${SUITE} root with its ansible-core in ${root}`)
  const building = `${root}.building`
  const certificates = `${root}.certificates`
  try {
    for (const folder of [building, certificates]) await rm(folder, { recursive: true, force: true })
    for (const folder of [`${building}/etc/apt/apt.conf.d`, certificates]) await mkdir(folder, { recursive: true })
    const surroundings = await readSurroundings()
    for (const [name, pem] of Object.entries(surroundings.certificates)) await writeFile(join(certificates, name), pem)
    await writeFile(`${building}/etc/apt/apt.conf.d/80virtfleet-bench`, surroundings.aptConf)
    const env = { ROOT: building, SUITE, MIRROR: surroundings.mirror, CERTIFICATES: certificates }
    await run('unshare', ['--mount', 'sh', '-ec', BUILD], { env, timeout: 900_000 })
    await rename(building, root)
    return root
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    say(`no newer ansible-core: ${error.message} ${error.hint}`)
    return undefined
  } finally {
    for (const folder of [building, certificates]) await rm(folder, { recursive: true, force: true })
  }
}

/** Version of the ansible-core package in that root. */
export async function newerAnsibleVersion(root: string): Promise<string> {
  return (await attempt('chroot', [root, 'dpkg-query', '-W', '-f', '${Version}', 'ansible-core'])).stdout.trim()
}

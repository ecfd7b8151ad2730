import { type ShellText, sh } from '../../../core/connection/quote.ts'
import { refreshPoolsOf } from '../../../core/libvirt/pools/refresh.ts'
import { formatXml } from '../../../core/libvirt/xml/element.ts'
import { parseSize } from '../../../core/libvirt/xml/units.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { requireAnswer } from '../daemon/ask.ts'
import { attempt } from '../daemon/failure.ts'
import { fetchScript, NO_FETCHER, noFetcher } from '../image/fetch.ts'
import { type Answer, answerOf } from './answer.ts'
import type { InstallArgs } from './args.ts'
import { type InstallMedia, installing, MARK, markXml } from './definition.ts'
import { refuseUnfinished } from './diff.ts'
import { diskOf, type InstallHost, type InstallState } from './probe.ts'
import { type TreeBoot, treeBoot } from './tree.ts'

const PATIENCE = { timeoutMs: 4 * 3_600_000, timeoutBy: 'controller' } as const

/** Where the installer's own files are until it is done. */
const workOf = (a: InstallArgs): string => `/var/lib/libvirt/boot/virtfleet-${a.name}`

/** From wherever an earlier attempt has come to: prepared, started, off; then the machine boots from its disk. */
export async function applyInstall(host: Host, a: InstallArgs, state: InstallState): Promise<undefined> {
  const found = requireAnswer(state.answer)
  if (!found.domain || (found.stage === 'prepared' && found.domain.state === 'shut off')) await begin(host, a, found)
  const { libvirt } = host
  await attempt(`mark '${a.name}'`, () =>
    libvirt.setDomainMetadata(a.name, { uri: MARK.uri, key: MARK.key, xml: markXml('started') }, { config: true }),
  )
  host.progress(`${a.name} is being installed`)
  const over = await libvirt.awaitDomain(a.name, (now) => !now || now.state === 'shut off' || now.state === 'crashed', {
    timeoutMs: a.timeout * 1000,
    signal: host.signal,
  })
  if (!over) throw new ModuleFailure(`'${a.name}' is gone: somebody has undefined it`)
  if (over.state !== 'shut off' && over.state !== 'crashed')
    throw new ModuleFailure(`the installer of '${a.name}' did not end within ${a.timeout} s; it is ${over.state}`, {
      hint: 'it goes on; the next run waits for it again. Its console says what it waits for.',
    })
  refuseUnfinished(over, a)
  await attempt(`define '${a.name}' for its disk`, () => libvirt.defineDomain(formatXml(found.definition)))
  await host.run(sh`rm -rf -- ${workOf(a)}`)
  await refreshPoolsOf(libvirt, [diskOf(a)], host.signal)
  if (a.state === 'running') await attempt(`start '${a.name}'`, () => libvirt.startDomain(a.name))
  return undefined
}

/** Defines the machine with its mark, then makes what it needs, then starts it. Of what fails before that nothing is left. */
async function begin(host: Host, a: InstallArgs, found: InstallHost): Promise<void> {
  const { libvirt } = host
  const answer = await answerOf(host, a)
  const tree = a.tree === undefined ? undefined : await treeBoot(host, a)
  const media = mediaOf(a, answer, tree)
  await attempt(`define '${a.name}'`, () => libvirt.defineDomain(formatXml(installing(found.definition, media))))
  try {
    await prepare(host, a, answer, tree)
    await attempt(`start '${a.name}'`, () => libvirt.startDomain(a.name))
  } catch (error) {
    await libvirt.undefineDomain(a.name, ['--nvram']).catch(() => libvirt.undefineDomain(a.name, []))
    await host.run(sh`rm -f -- ${diskOf(a)}; rm -rf -- ${workOf(a)}`)
    throw error
  }
}

function mediaOf(a: InstallArgs, answer: Answer | undefined, tree: TreeBoot | undefined): InstallMedia {
  const work = workOf(a)
  const injected = answer?.where === 'initrd'
  return {
    iso: a.iso,
    kernel: tree ? `${work}/kernel` : a.kernel,
    initrd: tree || injected ? `${work}/initrd` : a.initrd,
    kernelArgs: [answer?.kernelArgs, tree?.kernelArgs, a.kernel_args].filter((part) => part).join(' '),
    answers: answer?.where === 'cd' ? `${work}/answers.iso` : undefined,
  }
}

async function prepare(
  host: Host,
  a: InstallArgs,
  answer: Answer | undefined,
  tree: TreeBoot | undefined,
): Promise<void> {
  const work = workOf(a)
  await run(host, sh`umask 022; rm -rf -- ${work} && mkdir -p -- ${work} && chmod 711 ${work}`)
  const pull = (url: string, file: string): ShellText =>
    sh`f=${`${work}/${file}`}\n${fetchScript(url)}\nfetch || exit 1`
  if (tree) await run(host, sh.join([pull(tree.kernel, 'kernel'), pull(tree.initrd, 'initrd')]))
  if (answer) {
    const injected = answer.where === 'initrd'
    await host.writeFile(`${work}/${injected ? 'answers.cpio' : 'answers.iso'}`, answer.content, { mode: '0600' })
    if (injected) await run(host, inject(work, tree ? undefined : a.initrd))
  }
  const [disk, size] = [diskOf(a), String(parseSize(a.disk_size))]
  await run(host, sh`rm -f -- ${disk}; qemu-img create -q -f qcow2 -- ${disk} ${size}`)
}

/** The kernel unpacks archive after archive; each begins at a multiple of four bytes. */
const inject = (work: string, initrd: string | undefined): ShellText => sh`cd ${work} && umask 077
${initrd === undefined ? sh`:` : sh`cp -- ${initrd} initrd`} || exit 1
touch initrd && n=$(stat -c %s initrd) && head -c $(((4 - n % 4) % 4)) /dev/zero >>initrd && cat answers.cpio >>initrd && rm -f answers.cpio`

async function run(host: Host, script: ShellText): Promise<void> {
  const answer = await host.run(script, PATIENCE)
  if (answer.status === NO_FETCHER) throw noFetcher()
  const said = (answer.merged ? answer.stdout : answer.stderr).toString().trim().split('\n').at(-1) ?? ''
  if (answer.status !== 0)
    throw new ModuleFailure(`the installer was not prepared: ${said || `status ${answer.status}`}`)
}

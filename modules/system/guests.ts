import { ModuleFailure, type Reader } from '../../core/module/types.ts'

/** Fails with their names where guests run on the host. No libvirt, no guests. */
export async function refuseWhileGuestsRun(host: Reader): Promise<void> {
  const answer = await host.libvirt.available()
  if (!answer.ok) return
  const running = (await host.libvirt.domains()).filter((one) => one.state !== 'shut off' && one.state !== 'crashed')
  if (running.length === 0) return
  throw new ModuleFailure(
    `${running.length} guest${running.length > 1 ? 's run' : ' runs'} here: ${running.map((one) => one.name).join(', ')}`,
    {
      hint: 'migrate them first (libvirt_migrate), or set allow_disruption: true',
    },
  )
}

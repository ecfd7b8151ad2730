import { type Channel, sh, type TerminalSize } from '../connection/index.ts'
import { child, childrenOf, parseXml } from '../libvirt/xml/element.ts'
import { attempt, FleetError } from './errors.ts'
import type { FoundVm } from './fleet.ts'

export interface ConsoleOptions {
  readonly size: TerminalSize
  /** Alias of the device (`serial1`); the first console unless told. */
  readonly device?: string
  /** Ends somebody else's session on it. */
  readonly force: boolean
}

/** Joins a running VM's console, by virsh on a terminal of the host. Raises FleetError. */
export async function openConsole({ host, vm }: FoundVm, options: ConsoleOptions): Promise<Channel> {
  return attempt(`open the console of ${vm.name}@${vm.host}`, async () => {
    const { become, uri } = host.access
    const xml = await host.libvirt.domainXml(vm.uuid)
    if (xml === undefined || vm.state === 'shut off' || vm.state === 'crashed')
      throw new FleetError('refused', `VM '${vm.name}' does not run`, {
        hint: `virtfleet vm start ${vm.name}@${vm.host}`,
      })
    const devices = child(parseXml(xml), 'devices')
    if (childrenOf(devices, 'console').length + childrenOf(devices, 'serial').length === 0)
      throw new FleetError('refused', `VM '${vm.name}' has no console`, {
        hint: 'its definition needs <console type="pty"/>',
      })
    const connection = await host.connection()
    const more = [
      ...(options.force ? ['--force'] : []),
      ...(options.device === undefined ? [] : ['--devname', options.device]),
    ]
    const script = sh`exec virsh -q -c ${uri} console ${more} --domain ${vm.uuid}`
    return connection.open(script, { terminal: options.size, ...(become && { become }) })
  })
}

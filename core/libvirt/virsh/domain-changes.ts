import type { DomainWriter } from '../api/domains.ts'
import { undefining } from '../undefining.ts'
import { type Asking, affecting, switches } from './asking.ts'
import { oneLine } from './words.ts'

/** Domains by virsh, changed. */
export function virshDomainChanges(virsh: Asking): DomainWriter {
  const device = (verb: string): DomainWriter['attachDevice'] => {
    return (domain, xml, affects) => virsh.tellDomain(domain, [verb, ...affecting(affects), '--file'], xml)
  }
  const plain = (verb: string) => (domain: string) => virsh.tellDomain(domain, [verb])
  return {
    defineDomain: (xml, { validate = true } = {}) => virsh.tell(['define', ...switches({ validate })], xml),
    startDomain: (domain, { paused } = {}) => virsh.tellDomain(domain, ['start', ...switches({ paused })]),
    shutdownDomain: (domain, { mode } = {}) =>
      virsh.tellDomain(domain, ['shutdown', ...(mode ? ['--mode', mode] : [])]),
    rebootDomain: (domain, { mode } = {}) => virsh.tellDomain(domain, ['reboot', ...(mode ? ['--mode', mode] : [])]),
    resetDomain: plain('reset'),
    destroyDomain: (domain, { graceful } = {}) => virsh.tellDomain(domain, ['destroy', ...switches({ graceful })]),
    suspendDomain: plain('suspend'),
    resumeDomain: plain('resume'),
    wakeDomain: plain('dompmwakeup'),
    undefineDomain: (domain, flags) => undefining(flags, (known) => virsh.tellDomain(domain, ['undefine', ...known])),
    renameDomain: (domain, to) => virsh.tellDomain(domain, ['domrename', `--new-name=${to}`]),
    attachDevice: device('attach-device'),
    detachDevice: device('detach-device'),
    updateDevice: (domain, xml, { force, ...affects } = {}) =>
      virsh.tellDomain(domain, ['update-device', ...affecting(affects), ...switches({ force }), '--file'], xml),
    setVcpus: (domain, count, { maximum, ...affects } = {}) =>
      virsh.tellDomain(domain, ['setvcpus', `--count=${count}`, ...affecting(affects), ...switches({ maximum })]),
    setMemory: (domain, kib, { maximum, ...affects } = {}) =>
      virsh.tellDomain(domain, [maximum ? 'setmaxmem' : 'setmem', `--size=${kib}`, ...affecting(affects)]),
    resizeBlock: (domain, disk, bytes) =>
      virsh.tellDomain(domain, ['blockresize', `--path=${disk}`, `--size=${bytes}b`]),
    abortJob: plain('domjobabort'),
    abortBlockJob: (domain, disk, options) =>
      virsh.tellDomain(domain, ['blockjob', `--path=${disk}`, '--abort', ...switches({ ...options })]),
    commitBlock: (domain, disk, { base, top, ...how } = {}) =>
      virsh.tellDomain(domain, [
        'blockcommit',
        `--path=${disk}`,
        ...(base === undefined ? [] : [`--base=${base}`]),
        ...(top === undefined ? [] : [`--top=${top}`]),
        ...switches(how),
      ]),
    managedSave: (domain, options) => virsh.tellDomain(domain, ['managedsave', ...switches({ ...options })]),
    removeManagedSave: plain('managedsave-remove'),
    setDomainMetadata: (domain, { uri, key, xml }, affects) =>
      virsh.tellDomain(domain, [
        'metadata',
        `--uri=${uri}`,
        ...affecting(affects),
        ...(xml === undefined ? ['--remove'] : [`--key=${key}`, `--set=${oneLine(xml)}`]),
      ]),
    createSnapshot: (domain, xml, options) =>
      virsh.tellDomain(domain, ['snapshot-create', ...switches({ ...options }), '--xmlfile'], xml),
    revertSnapshot: (domain, snapshot, options) =>
      virsh.tellDomain(domain, ['snapshot-revert', `--snapshotname=${snapshot}`, ...switches({ ...options })]),
    deleteSnapshot: (domain, snapshot, { metadataOnly, ...options } = {}) =>
      virsh.tellDomain(domain, [
        'snapshot-delete',
        `--snapshotname=${snapshot}`,
        ...switches({ ...options, metadata: metadataOnly }),
      ]),
    async agentCommand(domain, command, { timeoutSeconds } = {}) {
      const limit = timeoutSeconds === undefined ? [] : [`--timeout=${timeoutSeconds}`]
      return (await virsh.changeDomain(domain, ['qemu-agent-command', ...limit, oneLine(command)])).trim()
    },
  }
}

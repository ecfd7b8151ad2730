import { expect } from 'chai'
import type { Json } from '../../../core/events/json.ts'
import { createRpc, RpcSessions } from '../../../core/libvirt/rpc/index.ts'
import domain from '../../../modules/libvirt/libvirt_domain.ts'
import { type DrivenHost, type Round, runState, settledState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'
import { RELEASE } from './releases.ts'

const NVRAM = '/var/lib/libvirt/qemu/nvram'
/** Debian 11 has no swtpm. */
const TPM = RELEASE === 'bullseye' ? {} : { tpm: '2.0' }

for (const way of ['virsh', 'RPC'])
  describe(`libvirt_domain with UEFI and a TPM, by ${way}`, function () {
    this.timeout(120_000)
    let lab: LibvirtLab
    let host: DrivenHost
    let sessions: RpcSessions

    /** What does not depend on the way to libvirt. */
    const once = way === 'RPC' ? it : (): void => undefined
    const native = (command: string): Promise<string> => lab.native(0, command)
    const task = (more: Record<string, Json> = {}): Json => ({
      name: 'vffw-one',
      memory: '128MiB',
      firmware: 'efi',
      ...TPM,
      variables: { acceleration: 'tcg' },
      ...more,
    })
    /** Runs it, and again: the second run finds nothing, neither now nor pending, and writes nothing. */
    const settle = (input: Json): Promise<Round> => settledState(domain, host, input)
    const refused = (input: Json, message: RegExp): Promise<unknown> =>
      runState(domain, host, input).then(
        () => expect.fail('done'),
        (error: Error) => expect(error.message).to.match(message),
      )
    /** What libvirt keeps beside definitions: variables of firmware by name, state of TPMs by UUID. */
    const kept = (): Promise<string> =>
      native(`ls ${NVRAM}; ls /var/lib/libvirt/swtpm 2>/dev/null; true`).then((text) => text.replaceAll('\n', ' '))
    const off = { state: 'stopped', force: true, shutdown_timeout: 0 }
    /** What QEMU was started with. */
    const arguments_ = (name: string): Promise<string> =>
      native(`tr '\\0' ' ' </proc/$(cat /run/libvirt/qemu/${name}.pid)/cmdline`)

    before(async () => {
      lab = await openLibvirtLab(1)
      const driven = lab.hosts[0] as DrivenHost
      sessions = new RpcSessions(await driven.connection())
      const session = () => sessions.get({ uri: 'qemu:///system' })
      const rpc = createRpc({ session, another: session, virsh: driven.libvirt })
      host = way === 'RPC' ? { ...driven, libvirt: rpc } : driven
    })
    beforeEach(clean)
    after(async () => {
      await clean()
      await sessions.close()
      await lab.close()
    })

    async function clean(): Promise<void> {
      await native(`for d in vffw-one vffw-two; do virsh destroy $d; virsh undefine --nvram $d; done >/dev/null 2>&1
rm -rf ${NVRAM}/vffw-* /var/lib/libvirt/swtpm/*; true`)
    }

    for (const firmware of ['efi', 'efi-secure'])
      (firmware === 'efi' ? once : it)(
        `is made and started with ${firmware}, and the second run says nothing; removed, nothing is left`,
        async () => {
          await settle(task({ firmware }))
          await settle(task({ firmware, state: 'running' }))
          const uuid = await native('virsh domuuid vffw-one')
          const argv = await arguments_('vffw-one')
          expect(argv)
            .to.match(/OVMF_CODE\S*\.fd/)
            .and.include(`${NVRAM}/vffw-one_VARS.fd`)
          if (firmware === 'efi-secure') expect(argv).to.match(/driver=cfi\.pflash01,property=secure,value=on/)
          if (TPM.tpm) expect(argv).to.include('-tpmdev emulator')
          expect(await kept()).to.equal(TPM.tpm ? `vffw-one_VARS.fd ${uuid}` : 'vffw-one_VARS.fd')
          await settle(task({ firmware, ...off }))
          await settle(task({ firmware, state: 'paused' }))
          await settle({ name: 'vffw-one', state: 'absent', force: true, shutdown_timeout: 0 })
          expect(await kept()).to.equal('')
        },
      )

    it('gets another name with its variables and its TPM, which nobody else comes to have', async () => {
      await settle(task({ state: 'paused' }))
      await settle(task(off))
      const before = await native(`cat ${NVRAM}/vffw-one_VARS.fd | sha256sum`)
      await native(`printf mark | dd of=${NVRAM}/vffw-one_VARS.fd bs=1 seek=4096 conv=notrunc status=none`)
      const marked = await native(`cat ${NVRAM}/vffw-one_VARS.fd | sha256sum`)
      expect(marked).not.to.equal(before)
      const uuid = await native('virsh domuuid vffw-one')
      await settle(task({ name: 'vffw-two', rename_from: 'vffw-one' }))
      expect(await kept()).to.equal(TPM.tpm ? `vffw-two_VARS.fd ${uuid}` : 'vffw-two_VARS.fd')
      expect(await native(`cat ${NVRAM}/vffw-two_VARS.fd | sha256sum`)).to.equal(marked)
      await settle(task({ name: 'vffw-two', state: 'paused' }))
      expect(await arguments_('vffw-two'))
        .to.include(`${NVRAM}/vffw-two_VARS.fd`)
        .and.not.include('vffw-one_VARS')
      // Its old name is free for another machine.
      await settle(task({ state: 'paused' }))
      expect(await arguments_('vffw-one')).to.include(`${NVRAM}/vffw-one_VARS.fd`)
      await settle({ name: 'vffw-one', state: 'absent', force: true, shutdown_timeout: 0 })
      expect(await kept()).to.equal(TPM.tpm ? `vffw-two_VARS.fd ${uuid}` : 'vffw-two_VARS.fd')
    })

    once('does not take the variables of another with its new name', async () => {
      await settle(task({ state: 'paused' }))
      await settle(task(off))
      await native(`cp ${NVRAM}/vffw-one_VARS.fd ${NVRAM}/vffw-two_VARS.fd`)
      await refused(task({ name: 'vffw-two', rename_from: 'vffw-one' }), /variables in both .*: neither is renamed/)
      expect(await native('virsh -q list --all --name')).to.equal('vffw-one')
    })

    once('leaves its variables where the task says so, and has them again when it is made anew', async () => {
      await settle(task({ state: 'paused' }))
      await settle(task(off))
      await native(`printf mark | dd of=${NVRAM}/vffw-one_VARS.fd bs=1 seek=4096 conv=notrunc status=none`)
      await settle({ name: 'vffw-one', state: 'absent', keep_nvram: true })
      expect(await kept()).to.equal('vffw-one_VARS.fd')
      await settle(task({ state: 'paused' }))
      expect(await native(`dd if=${NVRAM}/vffw-one_VARS.fd bs=1 skip=4096 count=4 status=none`)).to.equal('mark')
      await settle({ name: 'vffw-one', state: 'absent', force: true, shutdown_timeout: 0, keep_nvram: false })
      expect(await kept()).to.equal('')
    })

    once('leaves nothing of a machine that does not start, but variables that were there before', async () => {
      await native(`systemd-run --quiet --collect --unit=vf-port nc -lk 127.0.0.1 5999
for i in $(seq 50); do ss -Hltn sport = 5999 | grep -q 5999 && break; sleep 0.1; done`)
      const input = task({ state: 'running', graphics: 'vnc', graphics_port: 5999 })
      await refused(input, /does not start: .*in use/s)
      expect(await native('virsh -q list --all --name')).to.equal('')
      expect(await kept()).to.equal('')
      await native(
        `cp /usr/share/OVMF/OVMF_VARS*4M.ms.fd ${NVRAM}/vffw-one_VARS.fd 2>/dev/null || cp /usr/share/OVMF/OVMF_VARS.ms.fd ${NVRAM}/vffw-one_VARS.fd`,
      )
      await refused(input, /does not start: .*in use/s)
      await native('systemctl stop vf-port')
      expect(await native('virsh -q list --all --name')).to.equal('')
      expect(await kept()).to.equal('vffw-one_VARS.fd')
    })

    it('is removed where it was never started', async () => {
      await settle(task({ tpm: '2.0' }))
      await settle({ name: 'vffw-one', state: 'absent' })
      expect(await kept()).to.equal('')
    })

    once('changes firmware and TPM only once that is decided', async () => {
      await settle(task({ state: 'stopped', machine: 'q35' }))
      const told = (round: Round): string[] => round.changes.map((c) => `${c.path} ${c.effect}`)
      const bios = { name: 'vffw-one', firmware: 'bios' }
      expect(told(await runState(domain, host, bios))).to.deep.equal(['os.firmware pending'])
      await settle({ ...bios, allow: ['firmware'] })
      expect(await native('virsh dumpxml vffw-one | grep -cE "<loader|<nvram|firmware=" || true')).to.equal('0')
      expect(told(await runState(domain, host, task()))).to.deep.equal(['os.firmware pending'])
      await settle(task({ allow: ['firmware'] }))
      await settle(task({ state: 'paused' }))
      await settle(task(off))
      if (!TPM.tpm) return
      const other = { name: 'vffw-one', tpm: '1.2' }
      expect(told(await runState(domain, host, other))).to.deep.equal(['devices.tpm.backend.version pending'])
      const none = { name: 'vffw-one', tpm: 'none' }
      expect(told(await runState(domain, host, none))).to.deep.equal(['devices.tpm pending'])
      await settle({ ...none, allow: ['tpm'] })
      expect(await native('virsh dumpxml vffw-one | grep -c "<tpm" || true')).to.equal('0')
    })
  })

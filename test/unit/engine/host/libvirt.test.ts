import { expect } from 'chai'
import { nativeLibvirt } from '../../../../core/engine/host/libvirt.ts'
import { LibvirtError } from '../../../../core/libvirt/errors.ts'
import type { RpcSessions } from '../../../../core/libvirt/rpc/index.ts'
import type { Libvirt } from '../../../../core/libvirt/types.ts'

describe("libvirt for a task's host", () => {
  it('gives a read up that is not answered, and blames libvirt', async () => {
    const never = { get: () => Promise.resolve({ call: () => new Promise(() => undefined) }) }
    let changes = 0
    const libvirt = nativeLibvirt({
      uri: 'qemu:///system',
      become: undefined,
      virsh: {} as Libvirt,
      sessions: async () => never as unknown as RpcSessions,
      signal: new AbortController().signal,
      readTimeoutMs: 30,
      begin: () => {
        changes++
        return () => undefined
      },
    })
    const error = await libvirt.hostname().catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(LibvirtError)
    expect((error as Error).message).to.match(/has not answered for 0\.03 s/)
    expect(changes).to.equal(0)
  })
})

import { CODE, LibvirtError, LibvirtUnavailable } from '../../errors.ts'
import { connect } from '../protocol/procedures.ts'
import type { RpcClient } from '../wire/client.ts'

/** remote_auth_type. */
const AUTH = { none: 0, sasl: 1, polkit: 2 } as const

/**
 * Authenticates and opens the connection. What root and the group libvirt need (nothing) is sent in one go: the daemon's
 * question is answered and the connection opened in the same round trip. Raises LibvirtError.
 */
export async function authenticate(client: RpcClient, open: { name: string; flags: number }): Promise<void> {
  const [asked, opened] = await Promise.allSettled([
    client.call(connect.authList, undefined),
    client.call(connect.open, open),
  ])
  if (opened.status === 'fulfilled') return
  if (asked.status === 'rejected') throw asked.reason
  // Asked for before the list was out: the daemon frees root of polkit only while it answers that.
  const { types } = asked.value
  if (types.length === 0 || types.includes(AUTH.none)) {
    if (!isTooEarly(opened.reason)) throw opened.reason
  } else if (types.includes(AUTH.polkit)) {
    await polkit(client)
  } else {
    throw new LibvirtUnavailable('no way', 'libvirt asks for a SASL login, which only virsh can give')
  }
  await client.call(connect.open, open)
}

/** polkit decides by its rules alone: there is nobody to ask. */
async function polkit(client: RpcClient): Promise<void> {
  try {
    await client.call(connect.authPolkit, undefined)
  } catch (error) {
    if (!(error instanceof LibvirtError) || error.code === undefined) throw error
    throw new LibvirtUnavailable(
      'permission denied',
      `${error.message} (polkit refuses; root, and usually members of the group libvirt, are let in)`,
    )
  }
}

const isTooEarly = (error: unknown): boolean =>
  error instanceof LibvirtError && (error.code === CODE.rpc || error.code === CODE.authFailed)

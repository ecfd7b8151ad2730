/*
 * The procedures in use: number, arguments, reply (remote_protocol.x, qemu_protocol.x). Numbers and layouts never change
 * once libvirt has them.
 */

export { connect } from './connect.ts'
export { domains } from './domains.ts'
export { networks } from './networks.ts'
export type { Procedure } from './procedure.ts'
export { snapshots } from './snapshots.ts'
export { storage } from './storage.ts'

/** virDrvFeature: what a daemon can be asked whether it has. */
export const FEATURE = { xmlMigratable: 11, remoteEventCallback: 14, networkUpdateOrder: 16 } as const

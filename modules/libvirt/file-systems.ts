/** Kinds of file systems, as findmnt(8) names them. What is in neither list may be either. */

/** Those that several hosts share: libvirt's own list for migrations. */
const SHARED = /^(?:nfs4?|ceph|fuse\.glusterfs|glusterfs|ocfs2|gfs2?|cifs|afs|fuse\.quobyte)$/

/** Those that no other host sees. */
const LOCAL = /^(?:ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|bcachefs|tmpfs|ramfs|overlay)$/

export const isShared = (type: string): boolean => SHARED.test(type)
export const isLocal = (type: string): boolean => LOCAL.test(type)

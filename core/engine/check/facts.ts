/**
 * Facts that no task of a run changes: what the machine and its distribution are. After an unapplied change all others
 * are unknown when they are read again.
 */
const STABLE =
  /^(ansible_)?(architecture|userspace_\w+|machine(_id)?|system|system_vendor|product_\w+|bios_\w+|board_\w+|chassis_\w+|form_factor|os_family|distribution\w*|processor\w*|memtotal_mb|swaptotal_mb|virtualization_\w+|pkg_mgr|service_mgr|python\w*|user_\w+|real_\w+|effective_\w+|lsb|selinux|apparmor|fips|is_chroot)$/

/** Whether a fact read before the unapplied changes holds after them. */
export const isStableFact = (name: string): boolean => STABLE.test(name)

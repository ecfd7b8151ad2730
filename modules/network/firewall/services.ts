/** What a hypervisor may have to let in, by firewalld's names where it has one, and where each number comes from. */
export const SERVICES = {
  // RFC 4253; IANA
  ssh: ['22/tcp'],
  // libvirt's qemu.conf: migration_port_min and migration_port_max; disks copied by NBD take ports of the same range
  'libvirt-migration': ['49152-49215/tcp'],
  // libvirtd.conf: tcp_port
  libvirt: ['16509/tcp'],
  // libvirtd.conf: tls_port
  'libvirt-tls': ['16514/tcp'],
  // RFC 7530: version 4 needs no other port
  nfs: ['2049/tcp'],
  // RFC 1813; IANA
  nfs3: ['2049/tcp', '2049/udp'],
  // RFC 1833
  'rpc-bind': ['111/tcp', '111/udp'],
  // IANA; nfs-utils takes it on Red Hat's, and on Debian where nfs.conf says `port=20048` below [mountd]
  mountd: ['20048/tcp', '20048/udp'],
  // RFC 6143: 5900 and the display's number; qemu.conf: remote_display_port_min; the first hundred
  vnc: ['5900-5999/tcp'],
  // qemu.conf: SPICE takes its ports where VNC does
  spice: ['5900-5999/tcp'],
  // RFC 7143
  'iscsi-target': ['3260/tcp'],
  // RFC 5905
  ntp: ['123/udp'],
  // RFC 9110
  http: ['80/tcp'],
  https: ['443/tcp'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type ServiceName = keyof typeof SERVICES

export const SERVICE_NAMES = Object.keys(SERVICES) as [ServiceName, ...ServiceName[]]

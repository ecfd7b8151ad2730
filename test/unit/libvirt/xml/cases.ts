/** A declaration, what is there, and the paths of what differs; which rule it is about. */
export interface Case {
  readonly rule: string
  readonly declared: string
  readonly actual: string
  readonly paths: readonly string[]
  readonly running?: true
}

const domain = (inner: string): string => `<domain>${inner}</domain>`
const devices = (inner: string): string => domain(`<devices>${inner}</devices>`)
const network = (inner: string): string => `<network>${inner}</network>`

const same = (rule: string, declared: string, actual: string): Case => ({ rule, declared, actual, paths: [] })

/** Two of a kind in the other order: each is the one that was declared. */
const swapped = (rule: string, around: (inner: string) => string, one: string, other: string): Case =>
  same(rule, around(one + other), around(other + one))

/** Cases of rules that no dump needs, or whose dumps would be the same without them. */
export const cases: readonly Case[] = [
  same(
    'storage in bytes',
    "<volume><capacity unit='GiB'>1</capacity></volume>",
    '<volume><capacity>1073741824</capacity></volume>',
  ),
  same(
    'letter case of a host’s MAC',
    network("<ip><dhcp><host mac='52:54:00:AB:00:01' ip='192.0.2.2'/></dhcp></ip>"),
    network("<ip><dhcp><host mac='52:54:00:ab:00:01' ip='192.0.2.2'/></dhcp></ip>"),
  ),
  same(
    'form of a file mode',
    '<pool><target><permissions><mode>0711</mode></permissions></target></pool>',
    '<pool><target><permissions><mode>711</mode></permissions></target></pool>',
  ),
  same(
    'processors of a cell',
    domain("<cpu><numa><cell id='0' cpus='0,1,2'/></numa></cpu>"),
    domain("<cpu><numa><cell id='0' cpus='0-2'/></numa></cpu>"),
  ),
  same(
    'set of nodes',
    domain("<numatune><memory nodeset='0-3,^2'/></numatune>"),
    domain("<numatune><memory nodeset='0-1,3'/></numatune>"),
  ),
  same(
    'listen address',
    devices("<graphics type='vnc' listen='127.0.0.1'/>"),
    devices("<graphics type='vnc'><listen type='address' address='127.0.0.1'/></graphics>"),
  ),
  same(
    'memory at boot',
    domain("<memory unit='MiB'>64</memory>"),
    domain(
      "<memory>131072</memory><devices><memory model='dimm'><target><size unit='MiB'>64</size></target></memory></devices>",
    ),
  ),
  {
    rule: 'memory that cells make',
    declared: domain("<memory>1</memory><cpu><numa><cell id='0' memory='131072'/></numa></cpu>"),
    actual: domain("<memory>65536</memory><cpu><numa><cell id='0' memory='65536'/></numa></cpu>"),
    paths: ['cpu.numa.cell[0].memory'],
  },
  same(
    'end of a backing chain',
    devices("<disk><target dev='vda'/><backingStore/></disk>"),
    devices("<disk><target dev='vda'/></disk>"),
  ),
  same('control group', "<domain id='1'><resource><partition>/machine</partition></resource></domain>", domain('')),
  same('nothing said', domain('<uuid/>'), domain('')),
  same('nothing said', domain('<title/><description/><metadata/>'), domain('')),
  same(
    'default of interface@trustGuestRxFilters',
    devices("<interface trustGuestRxFilters='no'><mac address='52:54:00:00:00:01'/></interface>"),
    devices("<interface><mac address='52:54:00:00:00:01'/></interface>"),
  ),
  same(
    'default of source@tls',
    devices("<serial type='tcp'><source tls='no'/></serial>"),
    devices("<serial type='tcp'><source/></serial>"),
  ),
  same('default of ip@family', network("<ip family='ipv4'/>"), network('<ip/>')),
  same('default of bridge@stp', network("<bridge stp='on'/>"), network('<bridge/>')),
  same('default of bridge@delay', network("<bridge delay='0'/>"), network('<bridge/>')),
  same(
    'default of range@end',
    network("<ip><dhcp><range start='192.0.2.2' end=''/></dhcp></ip>"),
    network("<ip><dhcp><range start='192.0.2.2'/></dhcp></ip>"),
  ),
  {
    rule: 'identity of devices/interface',
    declared: devices("<interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='new'/></interface>"),
    actual: devices(
      "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='old'/></interface><interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='old'/></interface>",
    ),
    paths: ['devices.interface[52:54:00:00:00:02].source.bridge'],
  },
  {
    rule: 'identity of disk',
    declared: devices("<disk><serial>s2</serial><target dev='vdc'/></disk>"),
    actual: devices(
      "<disk><serial>s1</serial><target dev='vda'/></disk><disk><serial>s2</serial><target dev='vdb'/></disk>",
    ),
    paths: ['devices.disk[vdc].target.dev'],
  },
  {
    rule: 'identity of channel',
    declared: devices("<channel type='unix'><source path='/new'/><target name='b'/></channel>"),
    actual: devices(
      "<channel type='unix'><source path='/a'/><target name='a'/></channel><channel type='unix'><source path='/b'/><target name='b'/></channel>",
    ),
    paths: ['devices.channel[b].source.path'],
  },
  {
    rule: 'identity of serial',
    declared: devices("<serial type='file'><source path='/new'/><target port='1'/></serial>"),
    actual: devices(
      "<serial type='file'><source path='/a'/><target port='0'/></serial><serial type='file'><source path='/b'/><target port='1'/></serial>",
    ),
    paths: ['devices.serial[1].source.path'],
  },
  {
    rule: 'identity of console',
    declared: devices("<console type='file'><source path='/new'/><target type='virtio' port='2'/></console>"),
    actual: devices(
      "<console type='file'><source path='/a'/><target type='virtio' port='1'/></console><console type='file'><source path='/b'/><target type='virtio' port='2'/></console>",
    ),
    paths: ['devices.console[virtio 2].source.path'],
  },
  swapped(
    'identity of parallel',
    devices,
    "<parallel><source path='/a'/><target port='0'/></parallel>",
    "<parallel><source path='/b'/><target port='1'/></parallel>",
  ),
  swapped('identity of graphics', devices, "<graphics type='vnc'/>", "<graphics type='spice'/>"),
  swapped('identity of shmem', devices, "<shmem name='a'/>", "<shmem name='b'/>"),
  swapped(
    'identity of iothreadpin',
    (i) => domain(`<cputune>${i}</cputune>`),
    "<iothreadpin iothread='1'/>",
    "<iothreadpin iothread='2'/>",
  ),
  swapped(
    'identity of page',
    (i) => domain(`<memoryBacking><hugepages>${i}</hugepages></memoryBacking>`),
    "<page size='2048' nodeset='0'/>",
    "<page size='1048576' nodeset='1'/>",
  ),
  swapped(
    'identity of seclabel',
    domain,
    "<seclabel model='dac' type='none'/>",
    "<seclabel model='selinux' type='static'/>",
  ),
  swapped(
    'identity of qemu:env',
    (i) => domain(`<qemu:commandline xmlns:qemu='q'>${i}</qemu:commandline>`),
    "<qemu:env name='A' value='1'/>",
    "<qemu:env name='B' value='2'/>",
  ),
  swapped('identity of network/ip', network, "<ip address='192.0.2.1'/>", "<ip address='2001:DB8::1' family='ipv6'/>"),
  swapped(
    'identity of range',
    (i) => network(`<ip><dhcp>${i}</dhcp></ip>`),
    "<range start='192.0.2.2' end='192.0.2.3'/>",
    "<range start='192.0.2.9' end='192.0.2.9'/>",
  ),
  swapped(
    'identity of dhcp/host',
    (i) => network(`<ip><dhcp>${i}</dhcp></ip>`),
    "<host mac='52:54:00:00:00:01' ip='192.0.2.2'/>",
    "<host name='b' ip='192.0.2.3'/>",
  ),
  swapped(
    'identity of dns/host',
    (i) => network(`<dns>${i}</dns>`),
    "<host ip='192.0.2.2'/>",
    "<host ip='192.0.2.3'/>",
  ),
  swapped(
    'identity of host/hostname',
    (i) => network(`<dns><host ip='192.0.2.2'>${i}</host></dns>`),
    '<hostname>a</hostname>',
    '<hostname>b</hostname>',
  ),
  swapped('identity of srv', (i) => network(`<dns>${i}</dns>`), "<srv service='a'/>", "<srv service='b'/>"),
  swapped('identity of txt', (i) => network(`<dns>${i}</dns>`), "<txt name='a'/>", "<txt name='b'/>"),
  swapped(
    'identity of forwarder',
    (i) => network(`<dns>${i}</dns>`),
    "<forwarder addr='192.0.2.2'/>",
    "<forwarder domain='b'/>",
  ),
  swapped('identity of route', network, "<route address='192.0.2.0'/>", "<route address='198.51.100.0'/>"),
  swapped('identity of portgroup', network, "<portgroup name='a'/>", "<portgroup name='b'/>"),
  swapped(
    'identity of forward/interface',
    (i) => network(`<forward>${i}</forward>`),
    "<interface dev='a'/>",
    "<interface dev='b'/>",
  ),
  swapped(
    'identity of source/device',
    (i) => `<pool><source>${i}</source></pool>`,
    "<device path='/dev/a'/>",
    "<device path='/dev/b'/>",
  ),
  swapped('any serial', devices, "<serial type='pty'/>", "<serial type='file'><source path='/a'/></serial>"),
  swapped(
    'any console',
    devices,
    "<console type='pty'><target type='sclp'/></console>",
    "<console type='file'><target type='virtio'/></console>",
  ),
  swapped(
    'any channel',
    devices,
    "<channel type='pty'><target type='xen'/></channel>",
    "<channel type='unix'><target type='xen'/></channel>",
  ),
  swapped('any redirdev', devices, "<redirdev bus='usb' type='tcp'/>", "<redirdev bus='usb' type='spicevmc'/>"),
  swapped(
    'any devices/memory',
    devices,
    "<memory model='dimm'><target><size>1</size></target></memory>",
    "<memory model='nvdimm'><target><size>2</size></target></memory>",
  ),
  swapped('any sound', devices, "<sound model='ich9'/>", "<sound model='usb'/>"),
  swapped(
    'any rng',
    devices,
    "<rng model='virtio'><rate bytes='1'/></rng>",
    "<rng model='virtio'><rate bytes='2'/></rng>",
  ),
  swapped('any watchdog', devices, "<watchdog model='itco'/>", "<watchdog model='i6300esb'/>"),
  swapped('any smartcard', devices, "<smartcard mode='host'/>", "<smartcard mode='passthrough'/>"),
  swapped('any panic', devices, "<panic model='isa'/>", "<panic model='hyperv'/>"),
  swapped('any hub', devices, "<hub type='usb'><address port='1'/></hub>", "<hub type='usb'><address port='2'/></hub>"),
  {
    ...same(
      'optional CPU feature that is not there',
      domain("<cpu mode='custom'><feature policy='optional' name='aes'/></cpu>"),
      domain("<cpu mode='custom'/>"),
    ),
    running: true,
  },
  {
    ...same(
      'port chosen at start',
      devices("<graphics type='vnc' port='-1' websocket='-1'/>"),
      devices("<graphics type='vnc' port='5900' websocket='5700' autoport='yes'/>"),
    ),
    running: true,
  },
  // Not what was declared: each is a difference, whatever the rules.
  {
    rule: '',
    declared: domain("<os><boot dev='hd'/><boot dev='cdrom'/></os>"),
    actual: domain("<os><boot dev='cdrom'/><boot dev='hd'/></os>"),
    paths: ['os.boot[0].dev', 'os.boot[1].dev'],
  },
  {
    rule: '',
    declared: devices("<controller type='scsi'/><controller type='usb' index='1'/>"),
    actual: devices("<controller type='usb' index='0'/>"),
    paths: ['devices.controller[scsi]', 'devices.controller[usb 1]'],
  },
]

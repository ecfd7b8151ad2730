/** A domain of three disks, the first of them on that image. */
export const domainText = (image = '/i/web1.qcow2'): string => `<domain type='qemu'><name>web1</name><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${image}'/><backingStore/><target dev='vda'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/i/shared,1.raw'/><target dev='vdb'/><readonly/></disk>
<disk type='file' device='cdrom'><target dev='sda'/></disk></devices></domain>`

export const EXTERNAL = `<domainsnapshot><name>s</name><state>disk-snapshot</state><parent><name>p</name></parent><creationTime>7</creationTime><memory snapshot='no'/>
<disks><disk name='vda' snapshot='external' type='file'><source file='/i/web1.s'/></disk><disk name='sda' snapshot='no'/></disks>${domainText()}</domainsnapshot>`

export const INTERNAL = `<domainsnapshot><name>s</name><state>running</state><creationTime>7</creationTime><memory snapshot='internal'/><disks><disk name='vda' snapshot='internal'/></disks>${domainText()}</domainsnapshot>`

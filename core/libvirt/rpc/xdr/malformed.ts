/** The peer sent what no libvirt sends: nothing behind it can be trusted, and the connection ends. */
export class MalformedPacket extends Error {
  constructor(message: string) {
    super(`libvirt's answer is malformed: ${message}`)
    this.name = 'MalformedPacket'
  }
}

import type { Duplex } from 'node:stream'

/**
 * All that is written in one turn leaves in one write. ssh2 writes each packet in three pieces (length, content, tag), which over a
 * socket without delay are three system calls, three segments, and up to three awakenings of the server; through a bastion, three
 * packets of its connection.
 */
export function inOneWrite(sock: Duplex): void {
  const write = sock.write
  let corked = false
  const uncork = (): void => {
    corked = false
    sock.uncork()
  }
  sock.write = (...args: unknown[]): boolean => {
    if (!corked) {
      corked = true
      sock.cork()
      process.nextTick(uncork)
    }
    return Reflect.apply(write, sock, args)
  }
  // A channel of ssh2 knows no more than one piece at a time.
  sock._writev ??= (pieces, done) => {
    sock._write(Buffer.concat(pieces.map(({ chunk }) => chunk)), 'buffer' as BufferEncoding, done)
  }
}

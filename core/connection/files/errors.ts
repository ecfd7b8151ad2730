/** A file on a host could not be read or replaced; what was there before is as it was, unless the message says otherwise. */
export class FileError extends Error {
  readonly path: string
  constructor(path: string, message: string) {
    super(message)
    this.name = 'FileError'
    this.path = path
  }
}

/** What a tool said on the host, in one line. */
export const saidBy = (stderr: Buffer): string =>
  stderr.toString('utf8').trim().split('\n').slice(-2).join('; ').slice(0, 400)

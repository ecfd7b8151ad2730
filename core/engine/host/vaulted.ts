import { isVaultText } from '../../secrets/index.ts'
import type { RunRequest } from '../request.ts'

const HEAD = 64

/** Opens a file of the controller that is encrypted with a vault, as Ansible does; what was in it is hidden from then on. */
export function vaultOpener({ decrypt, redactor }: RunRequest): (content: Buffer) => Buffer {
  return (content) => {
    if (!decrypt || !isVaultText(content.toString('latin1', 0, HEAD))) return content
    const plain = decrypt(content.toString('latin1'))
    redactor.add(plain)
    return Buffer.from(plain)
  }
}

/** How the host turns text back into bytes: the first of these that it has. */
export type Decoder = 'base64' | 'openssl' | 'busybox' | 'octal'

const COMMAND: Record<Exclude<Decoder, 'octal'>, string> = {
  base64: 'base64 -d',
  openssl: 'openssl base64 -d',
  busybox: 'busybox base64 -d',
}

/** A command that writes these bytes; the text is a builtin's argument, so that no other process sees it. */
export function encodeInput(bytes: Buffer, decoder: Decoder): string {
  if (decoder === 'octal') return octal(bytes)
  const lines = bytes.toString('base64').match(/.{1,76}/g) ?? []
  return `vf_p '${lines.join('\n')}\n' | ${COMMAND[decoder]}`
}

function octal(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes) text += `\\0${byte.toString(8).padStart(3, '0')}`
  return `if [ -n "\${KSH_VERSION-}" ]; then print -n -- '${text}'; else printf %b '${text}'; fi`
}

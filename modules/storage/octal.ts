/** Blanks and backslashes as fstab(5) and the kernel's tables of mounts write them, in octal. */
export const escapeBlanks = (text: string): string =>
  text.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)

export const unescapeBlanks = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** The file that nftables.conf includes. */
export const KEPT_FILE = '/etc/virtfleet/firewall.nft'

const LINE = `include "${KEPT_FILE}"`

const isOurs = (line: string): boolean => /^\s*include\s+"\/etc\/virtfleet\/firewall\.nft"\s*;?\s*(#.*)?$/.test(line)

/** Whether the text of nftables.conf includes the file. */
export const includes = (text: string): boolean => text.split('\n').some(isOurs)

/** The text with our file included at its end, or not at all. Other lines stay as they are. */
export function setInclude(text: string, wanted: boolean): string {
  if (includes(text) === wanted) return text
  if (!wanted)
    return text
      .split('\n')
      .filter((line) => !isOurs(line))
      .join('\n')
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${LINE}\n`
}

/** Options among ssh's arguments that have a keyword of ssh_config(5). */
const LETTERS: Readonly<Record<string, string>> = {
  i: 'identityfile',
  J: 'proxyjump',
  l: 'user',
  p: 'port',
  b: 'bindaddress',
}

/** Letters of ssh(1) that take a value and mean nothing to us. */
const OTHERS_WITH_VALUE = new Set('BcDEeFIkLmOPQRSWw'.split(''))

/**
 * The options in ansible_ssh_common_args and ansible_ssh_extra_args: `-o Keyword=value`, `-J`, `-i` and the like, in
 * order, keywords in lower case. Other arguments change nothing about where the connection goes, and are left out.
 */
export function optionsOfArguments(args: readonly string[]): [keyword: string, value: string][] {
  const options: [string, string][] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    if (!/^-[A-Za-z]/.test(arg)) continue
    const letter = arg[1]!
    const keyword = LETTERS[letter]
    if (letter !== 'o' && keyword === undefined && !OTHERS_WITH_VALUE.has(letter)) continue
    const value = arg.length > 2 ? arg.slice(2) : (args[++i] ?? '')
    if (keyword !== undefined) options.push([keyword, value])
    const assignment = letter === 'o' ? /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*)$/s.exec(value) : null
    if (assignment) options.push([assignment[1]!.toLowerCase(), unquote(assignment[2]!.trim())])
  }
  return options
}

function unquote(value: string): string {
  return /^"[^"]*"$/.test(value) ? value.slice(1, -1) : value
}

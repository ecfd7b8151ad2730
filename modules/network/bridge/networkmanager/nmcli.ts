/**
 * Rows of `nmcli -t` (nmcli(1), --terse): fields between colons, in which a colon and a backslash have a backslash before them.
 * Empty lines are left out.
 */
export function terse(output: string): string[][] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const fields: string[] = []
      let field = ''
      for (let i = 0; i < line.length; i++) {
        if (line[i] === ':') {
          fields.push(field)
          field = ''
        } else field += line[i] === '\\' && i + 1 < line.length ? line[++i] : line[i]
      }
      return [...fields, field]
    })
}

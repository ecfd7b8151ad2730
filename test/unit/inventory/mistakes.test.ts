import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { loadInventory } from '../../../core/inventory/index.ts'
import { renderDiagnostic } from '../../../core/language/index.ts'

const folder = relative(process.cwd(), fileURLToPath(new URL('../../golden/inventory/broken/', import.meta.url)))

describe('mistakes in an inventory', () => {
  it('are all shown at once, with their places and hints', async () => {
    const { diagnostics } = await loadInventory([
      `${folder}/hosts.ini`,
      `${folder}/groups.yml`,
      `${folder}/missing`,
      'x[1:],',
    ])
    const text = diagnostics.map((d) => renderDiagnostic(d, readOrNothing)).join('\n')
    // Folders of variables are known by their absolute path.
    const actual = `${text.replaceAll(`${process.cwd()}/`, '')}\n`
    const golden = `${folder}/diagnostics.txt`
    if (process.env.UPDATE) writeFileSync(golden, actual)
    expect(actual).to.equal(readFileSync(golden, 'utf8'))
  })
})

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

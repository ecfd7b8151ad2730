import { Template, type Value, type Variables } from '../language/index.ts'
import type { Play, Playbook } from '../playbook/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { CliError } from './exit.ts'
import { ask } from './prompt.ts'
import type { Streams } from './streams.ts'

/** Asks for every play's vars_prompt before the run; what --extra-vars gives is not asked for. */
export async function askPromptedVars(
  playbooks: readonly Playbook[],
  extra: Variables | undefined,
  streams: Streams,
  redactor: Redactor,
): Promise<Map<Play, Variables>> {
  const answers = new Map<Play, Variables>()
  for (const play of playbooks.flatMap((playbook) => playbook.plays)) {
    const variables: Variables = new Map()
    for (const one of play.varsPrompt) {
      if (extra?.has(one.name)) continue
      variables.set(one.name, await answer(one, streams, redactor))
    }
    answers.set(play, variables)
  }
  return answers
}

async function answer(one: Play['varsPrompt'][number], streams: Streams, redactor: Redactor): Promise<Value> {
  const question = plain(one.prompt)
  const fallback = one.default === undefined ? undefined : plain(one.default)
  const first = await ask(streams, `${question}${fallback === undefined ? '' : ` [${fallback}]`}: `, {
    hidden: one.private,
  })
  if (one.confirm && first !== (await ask(streams, `confirm ${question}: `, { hidden: one.private }))) {
    throw new CliError(`the two answers for ${one.name} differ`)
  }
  const value = first === '' && fallback !== undefined ? fallback : first
  if (one.private) redactor.add(value)
  return value
}

const plain = (value: Value): string => (value instanceof Template ? value.source : String(value))

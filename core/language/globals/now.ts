import { bind, DateTime, signature, str, truth } from '../python/index.ts'
import { Callable } from '../values.ts'

const parameters = signature('now', 'utc? fmt?')

/** `now(utc=false, fmt='%Y-%m-%d')`: the time of the controller, as a datetime or, with a format, as text. */
export const now = new Callable('now', (args, kwargs) => {
  const [utc, format] = bind(parameters, args, kwargs).values
  const time = DateTime.now(truth(utc ?? false))
  return format === undefined || format === null ? time : time.strftime(str(format))
})

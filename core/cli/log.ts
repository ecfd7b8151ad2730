import type { Logger, transport as Transport } from 'winston'
import { sourceStack } from './stack.ts'

/** The operational log: what virtfleet itself does. Results never go here; they are events. */
export interface Log {
  write(level: 'debug' | 'info' | 'warn' | 'error', message: string, details?: Record<string, unknown>): void
  /** Waits until everything is on disk. */
  close(): Promise<void>
}

export interface LogOptions {
  /** A file that gets everything as JSON lines. */
  readonly file?: string
  /** Number of -v: 3 shows debug messages on stderr. */
  readonly verbosity: number
  readonly stderr: NodeJS.WritableStream
  readonly redact: (text: string) => string
}

/** Levels from the gravest on, and what stderr shows by number of -v. */
const LEVELS = ['error', 'warn', 'info', 'debug'] as const
const BY_VERBOSITY = ['warn', 'warn', 'info', 'debug'] as const
type Level = (typeof LEVELS)[number]

/** winston is read when there is a line to write: most runs have none. */
export function openLog(options: LogOptions): Log {
  const shown = BY_VERBOSITY[Math.min(options.verbosity, BY_VERBOSITY.length - 1)]!
  const wanted = options.file === undefined ? LEVELS.slice(0, LEVELS.indexOf(shown) + 1) : LEVELS
  let opening = options.file === undefined ? undefined : openLogger(options, shown)
  return {
    write: (level, message, details = {}) => {
      if (!wanted.includes(level)) return
      opening ??= openLogger(options, shown)
      void opening.then((logger) => logger.log(level, message, withSourceStack(details)))
    },
    close: async () => {
      const logger = await opening
      if (!logger) return
      await new Promise((resolve) => {
        logger.on('finish', resolve)
        logger.end()
      })
    },
  }
}

function withSourceStack(details: Record<string, unknown>): Record<string, unknown> {
  return typeof details.stack === 'string' ? { ...details, stack: sourceStack(details.stack) } : details
}

/** Redaction is the first format of all, so that no transport ever sees a secret. */
async function openLogger(options: LogOptions, shown: Level): Promise<Logger> {
  const { default: winston } = await import('winston')
  const redaction = winston.format((info) => {
    for (const [key, value] of Object.entries(info)) {
      if (typeof value === 'string' && key !== 'level') info[key] = options.redact(value)
      else if (typeof value === 'object' && value !== null)
        info[key] = JSON.parse(options.redact(JSON.stringify(value)))
    }
    return info
  })
  const transports: Transport[] = [
    new winston.transports.Stream({
      stream: options.stderr,
      level: shown,
      format: winston.format.printf(({ level, message }) => `${level}: ${String(message)}`),
    }),
  ]
  if (options.file !== undefined) {
    const format = winston.format.combine(winston.format.timestamp(), winston.format.json())
    transports.push(new winston.transports.File({ filename: options.file, level: 'debug', format }))
  }
  return winston.createLogger({ level: 'debug', format: redaction(), transports })
}

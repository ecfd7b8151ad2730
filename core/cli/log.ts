import winston from 'winston'

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

const LEVELS = ['warn', 'warn', 'info', 'debug'] as const

/** Redaction is the first format of all, so that no transport ever sees a secret. */
export function openLog(options: LogOptions): Log {
  const redaction = winston.format((info) => {
    for (const [key, value] of Object.entries(info)) {
      if (typeof value === 'string' && key !== 'level') info[key] = options.redact(value)
      else if (typeof value === 'object' && value !== null)
        info[key] = JSON.parse(options.redact(JSON.stringify(value)))
    }
    return info
  })
  const text = winston.format.printf(({ level, message }) => `${level}: ${String(message)}`)
  const transports: winston.transport[] = [
    new winston.transports.Stream({
      stream: options.stderr,
      level: LEVELS[Math.min(options.verbosity, LEVELS.length - 1)]!,
      format: text,
    }),
  ]
  if (options.file !== undefined) {
    const format = winston.format.combine(winston.format.timestamp(), winston.format.json())
    transports.push(new winston.transports.File({ filename: options.file, level: 'debug', format }))
  }
  const logger = winston.createLogger({ level: 'debug', format: redaction(), transports })
  return {
    write: (level, message, details = {}) => void logger.log(level, message, details),
    close: () =>
      new Promise((resolve) => {
        logger.on('finish', resolve)
        logger.end()
      }),
  }
}

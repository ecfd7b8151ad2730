import { InterruptController } from '../engine/index.ts'

/** Ctrl-C and SIGTERM as interrupts of a run. After the second one the system's own handling is back: a third one kills. */
export function listenForInterrupts(): { controller: InterruptController; close: () => void } {
  const controller = new InterruptController()
  let count = 0
  const onSignal = (): void => {
    controller.interrupt()
    if (++count >= 2) close()
  }
  const close = (): void => {
    process.removeListener('SIGINT', onSignal)
    process.removeListener('SIGTERM', onSignal)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return { controller, close }
}

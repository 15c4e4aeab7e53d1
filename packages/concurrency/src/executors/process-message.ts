/** The one message beside tinypool's own: the process's job has to end. */
export interface ProcessSignal {
  readonly yuzuru: 'cancel'
  /** The number of the job. */
  readonly number: number
}

/** A job on its way to a process. */
export interface ProcessMessage {
  readonly number: number
  readonly module: string | undefined
  /** A `JobRequest`, as `v8.serialize` writes it: the channel alone would fail later, and elsewhere. */
  readonly request: Uint8Array
  /** Whether somebody hears its reports. */
  readonly reports: boolean
}

/** Whether it is one, among all that comes over the same channel. */
export function isProcessSignal(message: unknown): message is ProcessSignal {
  return typeof message === 'object' && message !== null && 'yuzuru' in message
}

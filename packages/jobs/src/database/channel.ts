/** The channel of LISTEN and NOTIFY on which a job that is due wakes the workers; its queue is the payload. */
export const CHANNEL = 'yuzuru_jobs'

/** The payload of a notification on {@link CHANNEL}: there are signals as well, and perhaps jobs. */
export const SIGNALS = 'signals'

/** The channel on which the end of a job is notified that a process waits for; the job's id is the payload. */
export const ENDED_CHANNEL = 'yuzuru_job_ended'

/** The channel of LISTEN and NOTIFY on which a job that is due wakes the workers; its queue is the payload. */
export const CHANNEL = 'yuzuru_jobs'

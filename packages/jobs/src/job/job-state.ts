/**
 * How a job stands.
 *
 * - `'waiting'`: for its time and for a worker; also between two attempts.
 * - `'running'`: a worker has a lease on it.
 * - `'completed'`, `'cancelled'`: for good, until pruned.
 * - `'failed'`: its attempts are used up, or another would not help; kept until `retryJob` or pruned.
 */
export type JobState = 'waiting' | 'running' | 'completed' | 'failed' | 'cancelled'

/** The states that are an end. */
export const FINISHED: readonly JobState[] = ['completed', 'failed', 'cancelled']

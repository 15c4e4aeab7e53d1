/** What the sandbox can start. */
export const SERVICE_NAMES = ['postgres', 's3', 'smtp', 'stripe', 'google'] as const

/** One of the services. */
export type ServiceName = (typeof SERVICE_NAMES)[number]

/** What the sandbox can start. */
export const SERVICE_NAMES = ['postgres', 'smtp'] as const

/** One of the services. */
export type ServiceName = (typeof SERVICE_NAMES)[number]

/** How many idle connections there are, and how long a server keeps them, in milliseconds. */
export const CONNECTIONS = 10_000
export const IDLE_MS = 600_000

/** How many events the account has. */
export const EVENTS = 20
export const HOUR_MS = 3_600_000
/** When the first one begins; each lasts an hour, and the next one follows. */
export const FROM: number = Date.UTC(2099, 3, 1)
export const TO: number = FROM + EVENTS * HOUR_MS

/** How long an office may try everything, counted from its first look at its billing. */
export const TRIAL_DAYS = 180

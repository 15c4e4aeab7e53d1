/** How often a job is tried in all, unless its kind says otherwise. */
export const ATTEMPTS = 5

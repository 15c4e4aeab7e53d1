/** Where the dashboards of the packages are. They bring their own headers, frames and choice of a language along. */
export const JOBS_PATH = '/jobs'
export const MAILS_PATH = '/mails'

/** Whether a path is a dashboard's. */
export function isOfDashboard(path: string): boolean {
  return [JOBS_PATH, MAILS_PATH].some((base) => path === base || path.startsWith(`${base}/`))
}

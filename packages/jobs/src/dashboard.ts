export { dashboard } from './dashboard/create-dashboard.ts'
export type { Predicate, ServerInfo } from './dashboard/access.ts'
export type { AuditEntry, DashboardOptions } from './dashboard/dashboard-options.ts'

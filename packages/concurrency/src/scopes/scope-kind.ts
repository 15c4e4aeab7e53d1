/** What made a scope. */
export type ScopeKind =
  | 'run'
  | 'scope'
  | 'timeout'
  | 'shield'
  | 'group'
  | 'task'
  | 'io'
  | 'iterator'
  | 'wait'

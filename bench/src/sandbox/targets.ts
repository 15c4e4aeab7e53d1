/** Of the object that is read. */
export const OBJECT_BYTES = 4_096

/** What is asked for. */
export interface Target {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Where the servers of a benchmark are. */
export interface Servers {
  readonly s3: Target
  readonly s3Bare: Target
  readonly stripe: Target
  readonly stripeBare: Target
  /** Of the customer's JSON. */
  readonly customerBytes: number
}

/** Something that time does. */
export interface Due {
  /** Seconds since 1970. */
  readonly at: number
  run(): void
}
